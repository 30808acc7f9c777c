"""Types that several packages of the lab share: a compiled graph, a model's name."""

from typing import Any, Literal

from langgraph.graph.state import CompiledStateGraph

from graphs.world import World

Graph = CompiledStateGraph[Any, World, Any, Any]
"""A lane's graph, compiled."""

ModelName = Literal["offline", "openai"]
"""Which chat model answers."""
