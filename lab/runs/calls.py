"""The LangGraph calls that a pattern's own function makes, as code that can be copied."""

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig

from graphs.world import World
from lab.checkpoints import place_of
from lab.types import Graph

SILENT = ("metadata", "callbacks")
"""Parts of a config that the lab adds for itself."""


class CallsAsCode:
    """Graph that writes down what is called of it and does nothing; all that is read of it is the real graph's."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.code = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    def stream(self, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
        """Write the call down and return no parts."""
        place = {name: value for name, value in config.items() if name not in SILENT}
        chosen = "".join(f"    {name}={_code(value)},\n" for name, value in options.items() if value is not None)
        self.code = (
            f"for part in graph.stream(\n    {given!r},\n    {place!r},\n{chosen}):\n"
            '    print(part["type"], part["ns"], part["data"])'
        )
        return iter(())

    def update_state(self, config: RunnableConfig, values: Mapping[str, Any], as_node: str | None = None) -> Any:
        """Write the call down and return the config that it was given."""
        place = place_of(config)
        node = "" if as_node is None else f", as_node={as_node!r}"
        self.code = f"graph.update_state({place!r}, {dict(values)!r}{node})"
        return config


def _code(value: Any) -> str:
    return "world" if isinstance(value, World) else repr(value)
