"""Multi-approver: a text is published once several people have approved it, and goes back when one wants it revised.

Watch how often somebody waits for somebody else. 'One after the other' asks three roles in turn, and one no ends it.
'All at once with a quorum' asks three people side by side: two of three are enough, whatever the third one says.
"""

import operator
from functools import partial
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from graphs.answers import Answer
from graphs.people import PEOPLE
from graphs.world import World, effect_key

REVIEWERS = {"finance": "Fiona", "manager": "Maya", "security": "Selma"}
"""The roles that review a text, in their order, and who does it where people are asked by name."""
QUORUM = 2
"""Approvals that are enough where all are asked at once."""


class Input(TypedDict):
    """What the visitor gives."""

    text: Annotated[str, Field(title="Text", min_length=1, max_length=2000, json_schema_extra={"multiline": True})]
    requested_by: Annotated[str, Field(title="Author", min_length=1, max_length=200)]


class Review(TypedDict):
    """What one person said of one version of the text."""

    round: int
    role: str
    person: str
    status: Literal["approve", "revise", "reject", "abstained"]
    comment: str


class State(Input):
    """The text on its way; a round is one version of it."""

    round: int
    reviews: Annotated[list[Review], operator.add]
    status: Literal["in review", "published", "withdrawn"]


class Verdict(Answer, choice="status", needs="comment", when=("revise", "reject")):
    """What a reviewer answers."""

    status: Literal["approve", "revise", "reject"] = Field(title="Verdict")
    comment: str = Field("", title="Comment (needed to revise or reject)", max_length=1000)
    # The lab puts the name in, whatever is answered.
    person: str = Field("", title="Person", json_schema_extra={"acting_person": True})


class Revision(BaseModel):
    """What the author answers whose text came back."""

    text: str = Field(title="Revised text", min_length=1, max_length=2000, json_schema_extra={"multiline": True})
    person: str = Field("", title="Person", json_schema_extra={"acting_person": True})


def reviews_of_round(state: State) -> list[Review]:
    """Return what was said of the present version."""
    return [review for review in state["reviews"] if review["round"] == state["round"]]


def who_revises(state: State) -> dict[str, Any]:
    """Return who may revise the text: its author alone or, where nobody knows them, whoever hasn't reviewed it."""
    author = state["requested_by"].strip()
    if any(one.name.casefold() == author.casefold() for one in PEOPLE):
        return {"person": author}
    return {"decided_by": [review["person"] for review in reviews_of_round(state)]}


def ask(state: State, role: str, who: dict[str, Any]) -> dict[str, Any]:
    """Ask for a review, of those whom `who` allows."""
    said = [f"{review['person']}: {review['status']} {review['comment']}".strip() for review in state["reviews"]]
    question = f"May this text be published? You speak for {role}."
    payload = {"question": question, "text": state["text"], "round": state["round"], "said so far": said, **who}
    verdict = interrupt({**payload, "requested_by": state["requested_by"]}, response_schema=Verdict)
    return {"reviews": [{"round": state["round"], "role": role, **verdict.model_dump()}]}


def _steps_around_reviews(first: str) -> StateGraph[State, World, Input, State]:
    def submit(state: State) -> dict[str, Any]:
        return {"round": 1, "status": "in review"}

    def revise(state: State) -> dict[str, Any]:
        wanted = [review["comment"] for review in reviews_of_round(state) if review["status"] == "revise"]
        payload = {"question": "Please revise the text.", "wanted": wanted, "text": state["text"]}
        revision = interrupt({**payload, **who_revises(state)}, response_schema=Revision)
        # Whoever revises the text of somebody unknown is its author from then on, and reviews it no more.
        author = revision.person or state["requested_by"]
        return {"text": revision.text, "requested_by": author, "round": state["round"] + 1}

    def publish(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        key = effect_key(runtime, "publish")
        runtime.context.outbox.send("everybody@example.org", "A new text", state["text"], key=key)
        return {"status": "published"}

    def withdraw(state: State) -> dict[str, Any]:
        return {"status": "withdrawn"}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("submit", submit)
        .add_node("revise", revise)
        .add_node("publish", publish, metadata={"effects": ["outbox"]})
        .add_node("withdraw", withdraw)
        .add_edge(START, "submit")
        .add_edge("submit", first)
        .add_edge("revise", first)
        .add_edge("publish", END)
        .add_edge("withdraw", END)
    )


def build_sequence(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the review by one role after the other, in which one no or one wish ends the round."""
    turns = [*REVIEWERS]

    def review(state: State) -> dict[str, Any]:
        before = reviews_of_round(state)
        role = turns[len(before)]
        return ask(state, role, {"role": role, "turns": turns, "decided_by": [one["person"] for one in before]})

    def after(state: State) -> Literal["review", "revise", "publish", "withdraw"]:
        status = state["reviews"][-1]["status"]
        if status != "approve":
            return "revise" if status == "revise" else "withdraw"
        return "publish" if len(reviews_of_round(state)) == len(turns) else "review"

    return _steps_around_reviews("review").add_node("review", review).add_conditional_edges("review", after)


def build_quorum(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the review by all at once, each asked by name, of whom a quorum is enough."""

    def nothing(state: State) -> dict[str, Any]:
        return {}

    def review(role: str, state: State) -> dict[str, Any]:
        person = REVIEWERS[role]
        if person.casefold() != state["requested_by"].strip().casefold():
            return ask(state, role, {"person": person})
        own = {"person": person, "status": "abstained", "comment": "It is their own text."}
        return {"reviews": [{"round": state["round"], "role": role, **own}]}

    def after(state: State) -> Literal["revise", "publish", "withdraw"]:
        statuses = [one["status"] for one in reviews_of_round(state)]
        if "revise" in statuses:
            return "revise"
        return "publish" if statuses.count("approve") >= QUORUM else "withdraw"

    graph = _steps_around_reviews("circulate").add_node("circulate", nothing)
    for role in REVIEWERS:
        graph.add_node(role, partial(review, role)).add_edge("circulate", role)
    return graph.add_node("count", nothing).add_edge([*REVIEWERS], "count").add_conditional_edges("count", after)
