"""The floors of the house: app above pages and api, these above ui, lab and graphs, each importing from below only."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from tests.support.project import ROOT

BESIDE = {"tests", "scripts", "benchmarks"}
"""Folders that are no floor of the product."""


def test_every_contract_holds() -> None:
    check = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "120", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_every_folder_of_the_product_is_under_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    folders = {path.parent.name for path in ROOT.glob("*/*.py")} - BESIDE
    assert folders <= set(settings["root_packages"]), "Add the new folder to import-linter's root_packages and floors."


PARTS = {
    (
        "lab/database/test_readers.py",
        "lab.checkpoints.storage",
    ): "lets each module that knows the timeout have a short one",
    ("lab/database/test_sqlite_file.py", "lab.checkpoints.compaction"): "copies the file while the lab is at work",
    ("lab/threads/test_importing.py", "lab.checkpoints.memory_tables"): "breaks an import in the middle of its rows",
    ("lab/threads/test_importing.py", "lab.checkpoints.sql_tables"): "the same",
    ("lab/threads/test_lifecycle.py", "lab.checkpoints.sql_tables"): "breaks a copy in the middle of its rows",
    ("pages/test_restored_pages.py", "lab.workspace.states"): "counts the states that are read",
}
"""What tests import of another room's inside, with the reason."""


def inner_imports() -> Iterator[tuple[str, str]]:
    """Return which test imports what of a room's inside, other than the tests of that room and their helpers."""
    rooms = {".".join(path.relative_to(ROOT).parts[:2]) for floor in ("lab", "ui") for path in ROOT.glob(f"{floor}/*/")}
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for floor in ("lab", "ui")
        for path in ROOT.glob(f"{floor}/*/*.py")
    }
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = path.relative_to(ROOT / "tests").as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)} & modules
                for module in named:
                    room = ".".join(module.split(".")[:2])
                    at_home = name.startswith((room.replace(".", "/") + "/", "support/"))
                    if room in rooms and not at_home:
                        yield name, module


def test_a_test_of_another_room_enters_by_the_door() -> None:
    assert set(inner_imports()) == set(PARTS)
