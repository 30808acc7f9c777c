"""Names of nodes as visitors read them: LangGraph's own for an error handler says nothing to them."""

from collections.abc import Iterable

from ui.common.text import code_counted

HANDLER = "__error_handler__"
"""How LangGraph begins the name of a node's error handler; that of the node follows."""


def node_name(name: str) -> str:
    """Return a node's name behind those of the subgraphs that it's in; an error handler is named after its node."""
    return node_path(name.split(":"))


def node_path(path: Iterable[str]) -> str:
    """Return the names on the way to a node, from the outermost graph inwards."""
    return " › ".join(_name(part) for part in path)


def nodes_as_code(names: Iterable[str]) -> str:
    """Return names of nodes as code, each once with its number."""
    return code_counted(map(node_name, names))


def _name(part: str) -> str:
    return f"{part.removeprefix(HANDLER)}: error handler" if part.startswith(HANDLER) else part
