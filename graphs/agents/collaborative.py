"""Collaborative agents: a writer, a critic and an editor discuss one draft in rounds until they agree.

Watch the shared discussion grow: each agent reads all of it before it speaks, through a channel that only appends.
The loop ends when both reviewers accept the same draft, or when the rounds run out.
"""

import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

WRITE = (
    "You are the writer. Write the text that the task asks for. Where there is a draft already, revise it so that "
    "every open objection of the discussion is met. Answer with the text alone."
)
VERDICT = (
    "Begin with the word AGREE if the draft can stay as it is, or with the word CHANGE and then one sentence that says "
    "what has to change."
)
REVIEW = {
    "critic": f"You are the critic. Judge whether the draft says all that the task asks for. {VERDICT}",
    "editor": f"You are the editor. Judge whether the draft is as short as the task asks for. {VERDICT}",
}


class Input(TypedDict):
    """What the visitor gives."""

    task: Annotated[str, Field(title="Task", min_length=1, max_length=2000, json_schema_extra={"multiline": True})]
    most_rounds: Annotated[int, Field(title="Rounds at most", ge=1, le=6)]


class Contribution(TypedDict):
    """What one agent said in one round; `agrees` is True of a draft, whose writer stands behind it."""

    round: int
    agent: str
    agrees: bool
    text: str


class State(Input):
    """What the three share."""

    round: int
    draft: str
    discussion: Annotated[list[Contribution], operator.add]
    ended_by: Literal["agreement", "the limit of rounds"]


def everything(state: State) -> HumanMessage:
    """Return all that an agent reads before it speaks."""
    said = "\n".join(f"Round {one['round']}, {one['agent']}: {one['text']}" for one in state.get("discussion", []))
    draft = state.get("draft", "")
    return HumanMessage(f"Task: {state['task']}\n\nDraft: {draft or 'none yet'}\n\nDiscussion:\n{said or 'none yet'}")


CONSENT = re.compile(r"[\W\d_]*(?i:agree)\b(?!\W+(?i:but)\b)(?!.*\bCHANGE\b)", re.DOTALL)
"""A first word that agrees, behind a list's number or markup, with nothing after it that takes it back."""


def agrees(answer: str) -> bool:
    """Tell whether a review accepts the draft; one that says both words or neither isn't taken for consent."""
    return CONSENT.match(answer) is not None


def all_agree(state: State) -> bool:
    """Tell whether everybody agreed in the newest round."""
    return all(one["agrees"] for one in state["discussion"] if one["round"] == state["round"])


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the three agents around their discussion."""

    def writer(state: State) -> dict[str, Any]:
        draft = model.invoke([SystemMessage(WRITE), everything(state)]).text
        number = state.get("round", 0) + 1
        entry: Contribution = {"round": number, "agent": "writer", "agrees": True, "text": draft}
        return {"round": number, "draft": draft, "discussion": [entry]}

    def critic(state: State) -> dict[str, Any]:
        return {"discussion": [review("critic", state)]}

    def editor(state: State) -> dict[str, Any]:
        return {"discussion": [review("editor", state)]}

    def review(agent: str, state: State) -> Contribution:
        answer = model.invoke([SystemMessage(REVIEW[agent]), everything(state)]).text
        return {"round": state["round"], "agent": agent, "agrees": agrees(answer), "text": answer}

    def go_on(state: State) -> Literal["writer", "finish"]:
        return "finish" if all_agree(state) or state["round"] >= state["most_rounds"] else "writer"

    def finish(state: State) -> dict[str, Any]:
        return {"ended_by": "agreement" if all_agree(state) else "the limit of rounds"}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("writer", writer)
        .add_node("critic", critic)
        .add_node("editor", editor)
        .add_node("finish", finish)
        .add_edge(START, "writer")
        .add_edge("writer", "critic")
        .add_edge("critic", "editor")
        .add_conditional_edges("editor", go_on, ["writer", "finish"])
        .add_edge("finish", END)
    )
