"""Which tests the everyday loop leaves out: told by what each asks for, so that nobody has to remember a mark."""

import re
import subprocess
import sys

from tests.support.project import ROOT

FILES = [
    "browser/test_tree_keys",
    "graphs/test_catalogue",
    "pages/test_links",
    "browser/test_model",
    "lab/runs/test_crash",
    "lab/history/test_tree",
]


def test_the_everyday_loop_leaves_out_browser_servers_pages_postgresql_and_kills_and_nothing_else() -> None:
    check = re.search(r'-m "(.*)"', (ROOT / "Makefile").read_text())
    assert check
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", check[1]]
    files = [f"tests/{name}.py" for name in FILES]
    told = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    kept = [line for line in told.stdout.splitlines() if "::" in line]
    assert {name.partition("::")[0] for name in kept} == {
        "tests/graphs/test_catalogue.py",
        "tests/lab/history/test_tree.py",
    }
    examples = [name for name in kept if "test_every_example" in name]
    assert [name for name in examples if "[sqlite" in name]
    assert [name for name in examples if "crash-recovery" in name]
    assert not [name for name in kept if "[postgresql" in name or "Killed" in name]
