"""Pages of patterns whose states have types that Pydantic doesn't know, or messages that are more than text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import graphs.catalogue
import lab.lab
import ui.common.context as context
from graphs.pattern import Breakpoints, Pattern
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, give, markdowns, open_page, press, start, texts, well
from tests.support.fixtures_pages import SETTINGS
from tests.support.labs import quiet
from tests.support.strange_states import STRANGE

UNKNOWN, OLD, TALK = STRANGE
VIEWS = ("State", "Changed here", "Diff", "Edit and fork", "Replay", "Answer again", "Compare branches")
EVERY = pytest.mark.parametrize("pattern", STRANGE, ids=lambda pattern: pattern.slug)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str]) -> Iterator[Workspace]:
    """Provide the visitor's workspace in a lab that has the strange patterns alone, and so have its pages."""
    assert cookies == {}
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(graphs.catalogue, "CATALOGUE", STRANGE)
    monkeypatch.setattr(context, "LANES", {(found.slug, "only"): "Only" for found in STRANGE})
    lab.lab.close_lab()
    opened = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=STRANGE)
    monkeypatch.setattr(lab.lab, "_opened", [opened])
    yield opened.workspace(LOCAL)
    opened.close()


def ran(here: Workspace, pattern: Pattern) -> str:
    thread = here.start(pattern.slug, "only", pattern.examples[0].input)
    assert here.wait(thread.thread_id, 30)
    return thread.thread_id


def looked(pattern: Pattern, thread_id: str, view: str, checkpoint: str = "") -> AppTest:
    more = {"checkpoint": checkpoint} if checkpoint else {}
    return open_page("explorer", None, thread=thread_id, view=view, **more)


def step(here: Workspace, thread_id: str, number: int) -> str:
    return next(row.checkpoint_id for row in here.history.page(thread_id).rows if row.step == number)


@EVERY
def test_its_page_runs_the_example_to_its_end(here: Workspace, pattern: Pattern) -> None:
    at = open_page(pattern.slug)
    start(at, pattern)
    assert badges(at) == ["Finished"]
    (thread,) = here.threads.newest()
    assert here.history.status(thread.thread_id) == "finished"


@EVERY
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_checkpoint_opens(here: Workspace, pattern: Pattern, view: str) -> None:
    thread_id = ran(here, pattern)
    for row in here.history.page(thread_id).rows[-2:]:
        at = looked(pattern, thread_id, view, row.checkpoint_id)
        assert not [found.value for found in at.error]
        assert next(tab for tab in at.tabs if tab.label == view).children


@EVERY
def test_the_rest_of_such_a_state_is_edited_and_forked(here: Workspace, pattern: Pattern) -> None:
    thread_id = ran(here, pattern)
    ident = step(here, thread_id, 1)
    before = here.history.values(thread_id, ident)
    at = looked(pattern, thread_id, "Edit and fork", ident)
    give(at, f"edit_{thread_id}_{ident}_name_set", "Changed")
    at.run()
    well(at)
    press(at, f"fork_{thread_id}")
    head = here.history.tree(thread_id).head
    assert head is not None
    after = here.history.values(thread_id, head)
    assert after == {**before, "name": "Changed"}
    assert len(here.history.tree(thread_id).branches) == 2


def test_a_field_of_an_unknown_type_is_named_and_not_offered(here: Workspace) -> None:
    thread_id = ran(here, UNKNOWN)
    at = looked(UNKNOWN, thread_id, "Edit and fork")
    assert markdowns(at).count("isn't offered for editing") == 2
    assert {"Table", "Shelf"} <= set(texts(at))
    assert not [found.key for found in at.text_area if "_table" in str(found.key) or "_shelf" in str(found.key)]


def test_an_optional_field_of_json_can_be_left_empty(here: Workspace) -> None:
    at = open_page(UNKNOWN.slug)
    start(at, UNKNOWN, values={"extra": '{"a": 1}'})
    start(at, UNKNOWN, values={"extra": "  "})
    assert not any("isn't valid JSON" in text or "is empty" in text for text in texts(at))
    found: list[Any] = [here.history.snapshot(thread.thread_id) for thread in here.threads.newest()]
    assert sorted(str(one.values["extra"]) for one in found) == ["None", "{'a': 1}"]


def test_an_old_typed_dict_is_edited_by_its_fields(here: Workspace) -> None:
    thread_id = ran(here, OLD)
    ident = step(here, thread_id, 1)
    at = looked(OLD, thread_id, "Edit and fork", ident)
    give(at, f"edit_{thread_id}_{ident}_home_set_city", "Oslo")
    at.run()
    well(at)
    press(at, f"fork_{thread_id}")
    head = here.history.tree(thread_id).head
    assert head is not None
    assert here.history.values(thread_id, head)["home"] == {"city": "Oslo"}


def test_a_pause_is_edited_by_the_form_that_edits_a_fork(here: Workspace) -> None:
    pause = Breakpoints(before=("second",))
    thread_id = here.start(OLD.slug, "only", OLD.examples[0].input, breakpoints=pause).thread_id
    assert here.wait(thread_id, 30)
    ident = step(here, thread_id, 1)
    at = open_page(OLD.slug, thread=thread_id)
    forked = looked(OLD, thread_id, "Edit and fork", ident)
    assert drawn_of(at, f"{OLD.slug}_only_{ident}") == drawn_of(forked, f"edit_{thread_id}_{ident}")
    at = open_page(OLD.slug, thread=thread_id)
    give(at, f"{OLD.slug}_only_{ident}_home_set_city", "Oslo")
    at.session_state[f"{OLD.slug}_only_{ident}_done_set"] = {
        "edited_rows": {},
        "added_rows": [{"c0": "by hand"}],
        "deleted_rows": [],
    }
    press(at, f"{OLD.slug}_only_continue")
    assert here.wait(thread_id, 30)
    head = here.history.tree(thread_id).head
    assert head is not None
    end = here.history.values(thread_id, head)
    assert end == {"name": "A", "home": {"city": "Oslo"}, "done": ["fill", "by hand", "count"]}


def drawn_of(at: AppTest, prefix: str) -> list[str]:
    """Return the keys of a form's widgets without the form's own, in their order."""
    widgets = [*at.text_input, *at.text_area, *at.toggle, *at.get("arrow_data_frame")]
    keys = [str(widget.key) for widget in widgets]
    assert any(key.startswith(prefix) for key in keys)
    return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]


def test_a_step_that_changed_what_is_no_text_in_messages_is_told(here: Workspace) -> None:
    thread_id = ran(here, TALK)
    head = step(here, thread_id, 2)
    (changed,) = here.history.diff(thread_id, step(here, thread_id, 1), head)
    assert [change.name for change in changed.inside] == ["human 1", "ai 2", "tool 3"]
    keys = [[inner.at for inner in change.inside] for change in changed.inside]
    assert keys == [["content"], ["content", "additional_kwargs"], ["name", "status"]]
    at = looked(TALK, thread_id, "Changed here", head)
    told = "".join(str(found.proto.body) for found in at.get("html"))
    for word in ("image_url", "It has whiskers.", "refusal", "forecast", "error"):
        assert word in told
    assert "Nothing differs" not in told


def test_messages_that_are_dicts_stand_in_the_chat_of_the_state(here: Workspace) -> None:
    thread_id = ran(here, TALK)
    at = looked(TALK, thread_id, "State")
    assert {"raw", "loose", "typed", "What is this?"} <= set(texts(at))
