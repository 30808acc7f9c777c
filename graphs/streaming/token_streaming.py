"""Token streaming: the same answer twice, shown when it's whole and shown token by token as it comes.

Both lanes ask the model alike, count its tokens alike and are done after the same time. Watch how long each leaves you
with nothing to read: 'Shown when whole' tags its model `nostream`, which leaves the tokens out of the stream's
`messages` mode, so that the message comes as the node returns it.
"""

from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World

ANSWER = "Answer the question in about sixty words of plain text."

LONGEST = 500
"""Characters of a question."""


class NoAnswer(ValueError):
    """Raised when the model ends its stream without a word."""


class Input(TypedDict):
    """What the visitor gives."""

    question: Annotated[
        str, Field(title="Question", min_length=1, max_length=LONGEST, json_schema_extra={"multiline": True})
    ]
    breaks_after: Annotated[
        int, Field(title="Token at which the connection breaks, once (0 for never)", ge=0, le=LONGEST)
    ]


class State(Input):
    """The answer, which is saved whole or not at all, and how many tokens it came in."""

    messages: Annotated[list[AnyMessage], add_messages]
    tokens: int


def _build(model: Runnable[LanguageModelInput, AIMessage]) -> StateGraph[State, World, Input, State]:
    def answer(state: State, runtime: Runtime[World]) -> dict[str, Any]:
        texts: list[str] = []
        ident: str | None = None
        for token in model.stream([SystemMessage(ANSWER), HumanMessage(state["question"])]):
            # The last token of some models is empty, and tells of the end alone.
            if token.text:
                texts.append(str(token.text))
                ident = token.id
                if len(texts) == state["breaks_after"]:
                    runtime.context.faults.trip("model", times=1)
        whole = "".join(texts)
        if not whole.strip():
            raise NoAnswer("The model said nothing. An answer needs at least one word. *Retry* asks again.")
        return {"messages": [AIMessage(whole, id=ident)], "tokens": len(texts)}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("answer", answer)
        .add_edge(START, "answer")
        .add_edge("answer", END)
    )


def build_whole(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the graph so that its stream tells the message once the node has returned it."""
    return _build(model.with_config(tags=["nostream"]))


def build_tokens(model: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the graph so that its stream tells each token at the time at which the model sends it."""
    return _build(model)
