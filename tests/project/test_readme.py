"""The README says what is so: its tables, commands, pictures, links and paths are compared with the project."""

import inspect
import re
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from lab.settings import Settings
from tests.support.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = [*re.findall(r"^ *```\w*\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL), *re.findall(r"`([^`\n]+)`", README)]
"""What stands in code blocks and between backticks."""
IMAGES: list[tuple[str, str]] = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
LINKS: list[str] = re.findall(r"\]\(([^)\s]+)\)", README)
MADE_LATER = {"data/lab.sqlite", ".venv/bin/streamlit"}
"""Files of this project that a fresh checkout doesn't have yet."""
HEAVIEST = 300_000
"""Bytes of a picture."""


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its head."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def file_of(pattern: Pattern) -> str:
    """Return the file of a pattern as the README links it."""
    return Path(inspect.getfile(pattern.lanes[0].build)).relative_to(ROOT).as_posix()


def row_of(pattern: Pattern) -> list[str]:
    """Return the cells of a pattern's row; the last one may hold another sentence of what to watch."""
    link = f"[{pattern.title}]({file_of(pattern)}) `{pattern.slug}`"
    lanes = " · ".join(f"{lane.title} (trap)" if lane.trap else lane.title for lane in pattern.lanes)
    return [link, str(pattern.family), lanes, pattern.watch[0]]


def default_of(name: str) -> str:
    """Return a setting's default as the README writes it."""
    default = Settings.model_fields[name].default
    assert not isinstance(default, SecretStr), "A secret has no default that could be told."
    return "not set" if default is None else f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def anchor(heading: str) -> str:
    """Return the name by which a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_table_of_patterns_is_the_catalogue_in_its_order() -> None:
    told = table("The patterns")
    expected = [row_of(pattern) for pattern in CATALOGUE]

    wanted = "\n".join(f"| {' | '.join(row)} |" for row in expected if row[:3] not in [cells[:3] for cells in told])
    assert [row[:3] for row in told] == [row[:3] for row in expected], f"Missing or in another order:\n{wanted}"


def test_what_to_notice_is_said_by_the_pattern_too() -> None:
    told = {row[0]: row[3] for row in table("The patterns")}

    wrong = {pattern.slug: pattern.watch for pattern in CATALOGUE if told.get(row_of(pattern)[0]) not in pattern.watch}
    assert not wrong, "Take one of these sentences."


def test_the_table_of_settings_names_each_setting_with_its_default() -> None:
    told = [row[:2] for row in table("Settings")]

    assert told == [[f"`{field.validation_alias}`", default_of(name)] for name, field in Settings.model_fields.items()]
    assert all(row[2] for row in table("Settings"))


def test_every_setting_that_is_named_exists() -> None:
    known = {field.validation_alias for field in Settings.model_fields.values()}

    assert set(re.findall(r"\b(?:LAB|OPENAI)_[A-Z_]+\b", README)) <= known


def test_every_command_is_a_target_of_the_makefile_and_the_other_way_round() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = {name for code in CODE for name in re.findall(r"\bmake ([a-z]+)", code)}

    assert targets == commands


def test_every_picture_is_shown_and_told_in_words() -> None:
    assert {path for _, path in IMAGES} == {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.png")}
    assert all(len(words.split()) >= 8 for words, _ in IMAGES)


@pytest.mark.parametrize("path", [path for _, path in IMAGES])
def test_a_picture_is_wide_enough_and_not_heavy(path: str) -> None:
    with Image.open(ROOT / path) as picture:
        assert (picture.format, picture.width) == ("PNG", 1440)
    assert (ROOT / path).stat().st_size < HEAVIEST


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_to_something_in_the_project(link: str) -> None:
    path, _, part = link.partition("#")
    target = (ROOT / path).resolve()

    assert not re.match(r"[a-z]+:|/", link), "The README needs nothing from outside the project."
    assert target.is_relative_to(ROOT)
    assert target.exists()
    if part:
        assert part in {anchor(heading) for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}


def test_every_path_is_one_of_the_project() -> None:
    paths = {code for code in CODE if re.fullmatch(r"[\w.-]+/[\w./-]*|[\w-]+\.py", code)} - MADE_LATER

    assert {"app.py", "graphs/", "ui/main.py"} <= paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_no_path_leads_out_of_the_project() -> None:
    # A slash that begins a path follows no letter, dot or other slash, as those in addresses and relative paths do.
    assert re.findall(r"(?<![\w./:])(?:/|~/|\.\./|[A-Z]:\\)[\w.]+", README) == []


def test_lines_are_no_wider_than_code_but_for_tables_and_pictures() -> None:
    wide = [line for line in README.splitlines() if len(line) > 120 and not line.startswith(("|", "!["))]

    assert wide == []
