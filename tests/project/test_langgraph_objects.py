"""One module asks LangGraph's objects what they are; nothing else depends on how they're built inside."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.project import ROOT

ASKING = "lab/state/schema.py"
CONFIGS = "lab/checkpoints/config.py"
ASKED = {"builder", "channels", "get_graph", "get_subgraphs"}
"""Attributes of a compiled graph that say what it is."""
OWN = {"self", "cls", "super"}
"""What reaches into itself, also where it replaces a method of the library's class that it inherits from."""
NAMED_TUPLE = {"_asdict", "_make", "_replace"}
"""Public methods in spite of their names."""
PRIVATE_MODULES = {
    "lab/threads/restricted_serde.py": "a file's values are held to the very types that the library's reader makes",
}
"""Files that import something private of LangGraph's, each with its reason."""


def reaches(source: str) -> Iterator[str]:
    """Tell each place of a module that asks a graph what it is, or reaches into another object."""
    tree = ast.parse(source)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in ASKED:
            yield f"{node.lineno}: {node.value!r}"
        if not isinstance(node, ast.Attribute):
            continue
        base = node.value.func if isinstance(node.value, ast.Call) else node.value
        name = base.id if isinstance(base, ast.Name) else ""
        private = node.attr.startswith("_") and not node.attr.startswith("__") and node.attr not in NAMED_TUPLE
        if private and name not in OWN | classes | {"os"}:
            yield f"{node.lineno}: {ast.unparse(node)}"
        if node.attr in ASKED and name not in OWN:
            yield f"{node.lineno}: {ast.unparse(node)}"


def private_imports(source: str) -> Iterator[str]:
    """Tell each import of a module or a name of LangGraph's that begins with an underscore."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("langgraph") and "._" in name)


MODULES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("lab/**/*.py"))


def test_nothing_else_asks_a_graph_what_it_is() -> None:
    places = [f"{name}:{place}" for name in MODULES if name != ASKING for place in reaches((ROOT / name).read_text())]
    assert not places, f"Ask {ASKING} instead: {places}"


def test_nothing_else_imports_what_is_private_of_langgraph() -> None:
    places = {name for name in MODULES if list(private_imports((ROOT / name).read_text()))}
    assert places == {ASKING, *PRIVATE_MODULES}


def configs_made(source: str) -> Iterator[int]:
    """Tell each line of a module on which a thread's config is written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield from [node.lineno] * ("configurable" in keys)


def test_a_threads_config_is_made_in_one_place() -> None:
    places = {name for name in MODULES if list(configs_made((ROOT / name).read_text()))}
    assert places == {CONFIGS}


@pytest.mark.parametrize(
    "line",
    [
        "graph.builder.state_schema",
        "graph._state_mapper = None",
        "engine.reading(slug).builder",
        "graph.get_subgraphs(recurse=True)",
        'getattr(part, "builder", None)',
        "[part._options for part in parts]",
    ],
)
def test_the_check_sees(line: str) -> None:
    assert list(reaches(line))


@pytest.mark.parametrize("line", ["self._graph", "super()._dump(x)", "row._replace(no=1)", "node.__name__"])
def test_the_check_lets_be(line: str) -> None:
    assert not list(reaches(line))
