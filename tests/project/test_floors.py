"""The floors of the house: app above pages and api, these above ui, lab and graphs, each importing from below only."""

import subprocess
import sys
import tomllib

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
