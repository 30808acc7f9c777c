"""Drafts of answers: each visitor's own, and never more of them than there is room for."""

import pytest

import ui.forms.drafts as module
from ui.forms.drafts import Drafts


def test_a_draft_is_found_by_its_workspace_person_thread_and_question_alone() -> None:
    drafts = Drafts()
    drafts.put(("mine", "Sam", "t", "q"), {"answer": "yes"})

    assert drafts.get(("mine", "Sam", "t", "q")) == {"answer": "yes"}
    others = (
        ("other", "Sam", "t", "q"),
        ("mine", "Maya", "t", "q"),
        ("mine", "Sam", "u", "q"),
        ("mine", "Sam", "t", "r"),
    )
    assert [drafts.get(other) for other in others] == [None] * 4


def test_a_draft_that_waits_for_the_next_question_of_its_node_goes_to_the_same_person() -> None:
    drafts = Drafts()
    drafts.put(("w", "Sam", "t", "first"), {"answer": "yes"})
    drafts.carry(("w", "Sam", "t", "first"), "ask")

    drafts.take_over(("w", "Maya", "t", "second"), "ask")
    drafts.take_over(("w", "Sam", "t", "second"), "ask")
    assert drafts.get(("w", "Maya", "t", "second")) is None
    assert drafts.get(("w", "Sam", "t", "second")) == {"answer": "yes"}


def test_the_draft_that_was_touched_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAFTS", 2)
    drafts = Drafts()
    for question in ("a", "b", "a", "c"):
        drafts.put(("w", "Sam", "t", question), {"answer": question})

    assert [drafts.get(("w", "Sam", "t", question)) is None for question in ("a", "b", "c")] == [False, True, False]


def test_a_draft_that_has_become_too_long_is_let_go() -> None:
    drafts = Drafts()
    drafts.put(("w", "Sam", "t", "q"), {"answer": "short"})
    drafts.put(("w", "Sam", "t", "q"), {"answer": "x" * 60_000})

    assert drafts.get(("w", "Sam", "t", "q")) is None
