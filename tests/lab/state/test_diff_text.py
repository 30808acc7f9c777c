"""Differences of texts: pieces that give both texts, word by word, in bounded work however long they are."""

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.state import Run, diff_states
from lab.state.diff import apply, words


@given(st.text("ab .\n漢", max_size=60), st.text("ab .\n漢", max_size=60))
def test_the_pieces_of_a_text_give_both_texts(before: str, after: str) -> None:
    runs = words(before, after)
    assert "".join(run.text for run in runs if run.kind != "added") == before
    assert "".join(run.text for run in runs if run.kind != "removed") == after
    assert all(run.text for run in runs)


def test_text_differs_word_by_word() -> None:
    assert words("the quick brown fox", "the slow brown fox jumps") == (
        Run("same", "the "),
        Run("removed", "quick"),
        Run("added", "slow"),
        Run("same", " brown fox"),
        Run("added", " jumps"),
    )
    assert words("漢字です", "漢語です")[1:3] == (Run("removed", "字"), Run("added", "語"))


def test_neighbouring_words_are_one_piece() -> None:
    runs = words("please send the red car today", "please send the blue bike today")
    assert [run.text for run in runs] == ["please send the ", "red car", "blue bike", " today"]


def test_texts_with_little_in_common_are_told_whole() -> None:
    assert [run.kind for run in words("waiting for the clerk", "approved, see the note")] == ["removed", "added"]


def prose(length: int, seed: int) -> str:
    """Return text of a small vocabulary in lines, always the same for a seed."""
    dice = random.Random(seed)
    words = [f"word{number}" for number in range(800)]
    made = (dice.choice(words) + ("\n" if dice.random() < 0.08 else " ") for _ in range(length // 7))
    return "".join(made)[:length]


def edited(text: str) -> str:
    words = text.split(" ")
    return " ".join("CHANGED" if number % 150 == 75 else word for number, word in enumerate(words))


LENGTH = 200_000
LONG_PAIRS: dict[str, Callable[[], tuple[str, str]]] = {
    "edited": lambda: (prose(LENGTH, 1), edited(prose(LENGTH, 1))),
    "edited in one line": lambda: (prose(LENGTH, 1).replace("\n", " "), edited(prose(LENGTH, 1).replace("\n", " "))),
    "unrelated": lambda: (prose(LENGTH, 1), prose(LENGTH, 2)),
    "unrelated in one line": lambda: (prose(LENGTH, 1).replace("\n", " "), prose(LENGTH, 2).replace("\n", " ")),
    "repeated lines": lambda: ("a\n" * (LENGTH // 2), "a\nb\n" * (LENGTH // 4)),
    "repeated words": lambda: ("a b " * (LENGTH // 4), "b b a " * (LENGTH // 6)),
    "signs": lambda: ("!?" * (LENGTH // 2), "?!!" * (LENGTH // 3)),
    "shuffled": lambda: (prose(LENGTH, 1), "\n".join(sorted(prose(LENGTH, 1).split("\n")))),
}


@pytest.mark.parametrize("kind", LONG_PAIRS)
def test_long_texts_take_bounded_work(kind: str) -> None:
    before, after = LONG_PAIRS[kind]()
    begun = time.process_time()
    found = diff_states({"x": before}, {"x": after})
    taken = time.process_time() - begun
    assert apply({"x": before}, found) == {"x": after}
    # An ordinary machine takes a fifth of this at most; a matching in quadratic time takes minutes.
    assert taken < 8


def test_a_few_edits_of_a_long_text_are_found_as_words() -> None:
    for kind in ("edited", "edited in one line"):
        runs = words(*LONG_PAIRS[kind]())
        assert {run.text for run in runs if run.kind == "added"} == {"CHANGED"}, kind
        assert sum(len(run.text) for run in runs if run.kind == "removed") < LENGTH / 100, kind
