"""The house stays one in which one finds one's way: few files outside the rooms, small objects, no hidden circle."""

import ast
import inspect
from collections.abc import Iterator

from lab.workspace import Workspace
from tests.support.project import ROOT

FLAT = {"engine", "lab", "worker", "types", "errors", "jsonable", "settings", "models", "workspace_cookie"}
"""What may lie in lab/ itself."""

PRODUCT = [path for floor in ("graphs", "lab", "ui", "pages") for path in sorted((ROOT / floor).rglob("*.py"))]


def modules(folder: str) -> set[str]:
    """Return the modules that lie in a folder itself."""
    return {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}


def classes() -> Iterator[tuple[str, int]]:
    """Return each class of the product with the number of its methods."""
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)]
                yield f"{path.relative_to(ROOT)}: {node.name}", len(methods)


def test_only_what_stands_above_the_rooms_lies_outside_them() -> None:
    assert modules("lab") <= FLAT
    assert len(modules("ui")) <= 5
    assert modules("tests") == {"conftest"}


def test_no_class_has_more_than_twenty_methods() -> None:
    assert [found for found in classes() if found[1] > 20] == []


def test_a_workspace_has_at_most_sixteen_public_names() -> None:
    names = {name for name, _ in inspect.getmembers(Workspace) if not name.startswith("_")}
    tree = ast.parse(inspect.getsource(Workspace.__init__).strip())
    set_on_it = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not node.attr.startswith("_")
    }
    assert len(names | set_on_it) <= 16, sorted(names | set_on_it)


def test_no_import_for_types_alone_hides_a_circle() -> None:
    assert [path.name for path in PRODUCT if "TYPE_CHECKING" in path.read_text()] == []
