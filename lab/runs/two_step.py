"""A run of two streams, one after the other: for another answer to an interrupt, and for what-if."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from langgraph.types import StateSnapshot

from lab.events import Log, Outcome
from lab.history import Question, pending_questions
from lab.jsonable import Json
from lab.models import explain
from lab.runs.stream import Stream

Following = Callable[[Outcome, Log], Stream | None]
"""Makes the next stream once the one before has ended so, and tells what lies between; None where nothing follows."""


class TwoStepRun:
    """Work of one stream and then another."""

    def __init__(self, first: Stream, following: Following, calls: str) -> None:
        """Begin with `first`; `calls` tells what the second one does."""
        self._current = first
        self._following = following
        self._calls = f"{first.calls()}\n\n{calls}"
        self._lock = threading.Lock()
        self._stopped = False

    def calls(self) -> str:
        """Tell the LangGraph calls of both."""
        return self._calls

    def carry_out(self, log: Log) -> tuple[Outcome, str]:
        """Carry out one, then the other."""
        outcome, error = self._current.carry_out(log)
        if outcome in ("stopped", "crashed"):
            return outcome, error
        try:
            following = self._following(outcome, log)
        # It looks at what was saved, which may fail in any way; whatever it is, the run has to end.
        except Exception as error:  # noqa: BLE001
            return "failed", explain(error)
        if following is None:
            return outcome, error
        with self._lock:
            self._current = following
            if self._stopped:
                following.stop()
        return following.carry_out(log)

    def stop(self) -> None:
        """Stop the one that is at work, and the other before it begins."""
        with self._lock:
            self._stopped = True
            self._current.stop()


def asked_again(
    old: Sequence[Question], snapshot: StateSnapshot, answers: Mapping[str, Json]
) -> dict[str, Json] | None:
    """Return the answers by the ids that the questions have this time.

    None where one of them isn't asked any more, or is another question now: an answer holds for what was asked.
    """
    asked = _places(pending_questions(snapshot))
    by_new_id: dict[str, Json] = {}
    for place, question in _places(old).items():
        if question.id not in answers:
            continue
        if place not in asked:
            return None
        by_new_id[asked[place].id] = answers[question.id]
    return by_new_id


def _places(asked: Sequence[Question]) -> dict[tuple[str, str, int], Question]:
    """Return questions by their node, what they ask and their number among equal ones: what outlives an id.

    Those of one node come in no order: of what a subgraph's tasks ask at once the library keeps what it met first.
    """
    by_place: dict[tuple[str, str, int], Question] = {}
    equals: Counter[tuple[str, str]] = Counter()
    for question in asked:
        place = question.node, json.dumps(question.value, sort_keys=True)
        by_place[*place, equals[place]] = question
        equals[place] += 1
    return by_place
