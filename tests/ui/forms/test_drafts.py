"""Drafts of answers: each visitor's own, and never more of them than there is room for."""

import pytest

import ui.forms.drafts as module
from ui.forms.drafts import Drafts


def test_a_draft_is_found_by_its_workspace_thread_and_question_alone() -> None:
    drafts = Drafts()
    drafts.put(("mine", "t", "q"), {"answer": "yes"})

    assert drafts.get(("mine", "t", "q")) == {"answer": "yes"}
    assert [drafts.get(other) for other in (("other", "t", "q"), ("mine", "u", "q"), ("mine", "t", "r"))] == [None] * 3


def test_the_draft_that_was_touched_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAFTS", 2)
    drafts = Drafts()
    for question in ("a", "b", "a", "c"):
        drafts.put(("w", "t", question), {"answer": question})

    assert [drafts.get(("w", "t", question)) is None for question in ("a", "b", "c")] == [False, True, False]


def test_a_draft_that_has_become_too_long_is_let_go() -> None:
    drafts = Drafts()
    drafts.put(("w", "t", "q"), {"answer": "short"})
    drafts.put(("w", "t", "q"), {"answer": "x" * 60_000})

    assert drafts.get(("w", "t", "q")) is None
