"""Style and types of all code of the project, by the settings in pyproject.toml."""

import subprocess
import sys

import pytest

from tests.support.project import ROOT


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)], ids=" ".join
)
def test_nothing_is_found_by(command: tuple[str, ...]) -> None:
    check = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    assert check.returncode == 0, check.stdout + check.stderr
