"""Text that others wrote, as pages show it: whole where it can be, and without what freezes or deceives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.state import printable_line
from lab.threads import TITLE, titled
from lab.workspace import StateEdit, Workspace
from tests.support.app_pages import markdowns, open_page, texts
from tests.support.thread_pages import made
from ui.common import LIMIT, literal, shown
from ui.common.text import WORD

TOGETHER = [
    "\U0001f469\u200d\U0001f680",
    "\U0001f9d1\U0001f3fd\u200d\U0001f680",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937",
    "\U0001fae9",
]


@pytest.mark.parametrize("text", TOGETHER)
def test_what_is_written_of_several_characters_is_shown_and_titled_as_one(text: str) -> None:
    assert shown(text) == text
    assert titled(f" a {text} b ") == f"a {text} b"
    assert text in literal(text)


@pytest.mark.parametrize(
    "text", ["a\u200db", "\u200d\U0001f680", "pay\u202epal", "a\U000e0067b", "x\u200cy", "\u2066z"]
)
def test_a_joiner_or_a_mark_that_joins_nothing_is_named(text: str) -> None:
    assert "\u27e8U+" in shown(text)
    assert titled(f"t{text}").isprintable()


def test_a_title_cut_inside_an_emoji_leaves_no_joiner_behind() -> None:
    assert titled("x" * (TITLE - 2) + TOGETHER[0]) == "x" * (TITLE - 2) + "\U0001f469"


@given(st.text())
def test_a_title_is_one_line_and_stays_what_it_is(text: str) -> None:
    line = printable_line(text)
    assert "\n" not in line
    assert printable_line(line) == line


def test_a_word_that_would_freeze_a_page_is_cut_with_what_is_left_counted() -> None:
    assert shown("x" * WORD) == "x" * WORD
    assert shown("a " + "x" * (WORD + 7) + " b") == f"a {'x' * WORD}… (7 more characters without a blank) b"
    cut = shown("x" * 100_000)
    assert len(cut) < WORD + 100
    assert cut.endswith(f"… and {100_000 - LIMIT:,} more characters")
    prose = "some words " * 1000
    assert shown(prose) == prose


@given(st.lists(st.sampled_from(["word ", "\n", "\t", "\u200b", "\x00", "é ", "字" * 300, "x" * 700]), max_size=40))
def test_what_is_shown_as_it_is_has_nothing_to_cut_and_nothing_unseen(parts: list[str]) -> None:
    text = "".join(parts)
    if shown(text, 10**6) == text:
        assert set(text) <= {*"word \n\té字x"}
        assert all(len(word) <= WORD for word in text.split())


def test_a_renamed_thread_keeps_its_emoji_and_is_found_by_it(pages_lab: object, here: Workspace) -> None:
    assert pages_lab
    thread = made(here, f"Ann {TOGETHER[1]}")
    assert here.threads.find(thread.thread_id).title == f"Ann {TOGETHER[1]}"
    assert [one.thread_id for one in here.threads.page(text=TOGETHER[1]).threads] == [thread.thread_id]


@pytest.mark.parametrize("view", ["State", "Changed here", "Diff", "Compare branches"])
def test_no_view_draws_a_word_of_100_000_letters(pages_lab: object, here: Workspace, view: str) -> None:
    assert pages_lab
    thread = made(here)
    first = here.history.page(thread.thread_id).rows[1].checkpoint_id
    word = "x" * 100_000
    here.travel.fork(
        thread.thread_id, first, StateEdit({"summary": word, "processed": [word]}, {"processed": "append"})
    )
    at = open_page("explorer", None, thread=thread.thread_id, view=view)
    bodies = [str(found.proto.body) for kind in ("html", "json") for found in at.get(kind)]
    drawn = [*texts(at), markdowns(at), *bodies]
    assert any("x" * 100 in text for text in drawn) or view == "Compare branches"
    assert not any("x" * (WORD + 1) in text for text in drawn)
