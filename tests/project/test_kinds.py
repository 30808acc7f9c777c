"""Which tests the everyday loop leaves out: told by what each asks for, so that nobody has to remember a mark."""

import re
import subprocess
import sys

import pytest

from tests.support.project import ROOT

FILES = [
    "browser/test_tree_keys",
    "graphs/test_retry",
    "graphs/test_catalogue",
    "pages/test_links",
    "browser/test_model",
    "lab/runs/test_crash",
    "lab/runs/test_crowd",
    "lab/history/test_tree",
    "lab/threads/test_exporting",
]


@pytest.mark.processes
def test_the_everyday_loop_is_of_the_engine_and_leaves_out_all_that_takes_long_by_its_nature() -> None:
    told = subprocess.run(
        ["make", "--dry-run", "check", "ARGS="], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    chosen = re.search(r'-m "(.*)" (.*)', told)
    assert chosen
    assert chosen[2].split() == ["tests/lab", "tests/library", "tests/project"]
    files = [f"tests/{name}.py" for name in FILES]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", chosen[1], *files]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100).stdout
    kept = [line for line in listed.splitlines() if "::" in line]

    # The test of a pattern is left in where somebody asks for it.
    assert {name.partition("::")[0] for name in kept} == {
        "tests/graphs/test_catalogue.py",
        "tests/graphs/test_retry.py",
        "tests/lab/history/test_tree.py",
        "tests/lab/threads/test_exporting.py",
    }
    assert not [name for name in kept if "[postgresql" in name or "_whatever_" in name]
    assert not [name for name in kept if "_every_pattern_" in name or "_every_example_" in name]
    assert [name for name in kept if "test_tree.py::test_the_work_grows" in name]
    assert not [name for name in kept if "test_the_order_of_rows_changes_no_lineage" in name]
