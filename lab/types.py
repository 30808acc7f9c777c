"""Types that several rooms of the lab share."""

from typing import Any, Literal

from langgraph.graph.state import CompiledStateGraph

from graphs.world import World

Graph = CompiledStateGraph[Any, World, Any, Any]
"""A lane's graph, compiled."""

ModelName = Literal["offline", "openai"]
"""Which chat model answers."""
