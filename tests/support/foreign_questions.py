"""Questions as a file that somebody else wrote may bring them, drawn by the real form of the answer card."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from langgraph.types import Interrupt, StateSnapshot
from streamlit.testing.v1 import AppTest

from graphs.pattern import Breakpoints
from lab.history import Question, Snapshot, pending_questions
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace import Ahead
from ui.lanes.answer_card import Card
from ui.lanes.example_steps import NOTHING
from ui.lanes.question_card import question_card


@dataclass
class Door:
    """Stands for a workspace: checks answers as it does, and keeps what was accepted."""

    asked: tuple[Question, ...]
    name: str = field(default_factory=lambda: str(uuid4()))
    taken: list[Json] = field(default_factory=list)

    @property
    def travel(self) -> "Door":
        return self

    @property
    def threads(self) -> "Door":
        return self

    def find(self, _: str) -> Thread:
        return Thread.new(self.name, "toy", "lane", "session", "title", "offline")

    def after_answer(self, _: str, nodes: Sequence[str]) -> Ahead:
        return Ahead(tuple(nodes), (), {})

    def resume(self, _: str, answers: dict[str, Json], __: str, **___: Any) -> None:
        for question in self.asked:
            question.check(answers[question.id])
            self.taken.append(answers[question.id])


def asked(schema: Any, value: Any = "Really?") -> Question:
    """Return a question as it's read from a checkpoint with that schema."""
    found = Interrupt(value=value, id="q", response_schema=schema)
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_id": "c"}}
    return pending_questions(StateSnapshot({}, (), config, None, None, None, (), (found,)))[0]


CARDS: list[Card] = []


def card_of(question: Question) -> tuple[AppTest, Door]:
    """Draw the card that asks it and return the page with what stands behind it."""
    door: Any = Door((question,))
    snapshot = Snapshot("c", None, 0, "loop", 0.0, {}, ("ask",), (question,), {})
    CARDS[:] = [Card("card", door, "t", Breakpoints, snapshot)]
    at = AppTest.from_function(_script, default_timeout=20).run()
    assert not at.exception, [found.message for found in at.exception]
    return at, door


def _script() -> None:
    from tests.support.foreign_questions import draw  # noqa: PLC0415 - the function's text is run by itself

    draw()


def draw() -> None:
    CARDS[0].errors.draw()
    question_card(CARDS[0], NOTHING)


def send(at: AppTest) -> None:
    """Send the answer as the form stands."""
    at.button(key="card_q_send").click().run()
    assert not at.exception, [found.message for found in at.exception]
