"""Every button that does something takes its press once; none of them is left to a bare callback."""

import ast
from pathlib import Path

from tests.support.project import ROOT

BUTTONS = {"button", "form_submit_button"}
HARMLESS = {
    *("_pin", "look_at", "_stop", "_new", "open_dialog", "bring_into_view", "deselect", "_go_to", "login", "logout"),
}
"""What may be done twice without a difference: a look elsewhere, a stop, an open dialog, an empty page or selection,
and the way to a sign-in."""


def acts(file: Path) -> list[str]:
    """Return the callbacks of a file's bare buttons that can be pressed twice to some effect."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BUTTONS:
            for word in node.keywords:
                done = ast.unparse(word.value)
                if word.arg == "on_click" and done.split(".")[-1] not in HARMLESS:
                    found.append(f"{file.name}:{node.lineno} {done}")
    return found


def test_each_button_that_acts_goes_through_the_one_way_that_takes_a_press_once() -> None:
    files = [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    assert [found for file in files for found in acts(file)] == []
