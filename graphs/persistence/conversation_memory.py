"""Conversation memory: the same chat with and without a checkpointer, and a summary in place of old messages.

Watch what the second turn knows. Without a checkpointer every turn starts from nothing; with one
the messages stay, and when there are more than ten, the older ones give way to a summary.
"""

from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, HumanMessage, RemoveMessage, SystemMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from pydantic import Field
from typing_extensions import TypedDict

CHAT = (
    "Answer the person in one or two sentences, from this conversation alone. "
    "If it doesn't tell what they ask for, say that you don't know it."
)
SUMMARISE = (
    "Summarise the conversation in a few sentences. Keep every fact about the person, above all their name, "
    "and everything that an earlier summary tells."
)
EARLIER = "Summary of the conversation so far: "

LIMIT = 10
"""How many messages may stand before the older ones are summarised."""

RECENT = 4
"""How many of the last messages stay word for word."""


class Input(TypedDict):
    """What the visitor says in one turn."""

    message: Annotated[str, Field(title="Message", min_length=1, max_length=1000)]


class State(Input):
    """What is known of the conversation; `summary` stands for the messages that were removed."""

    messages: Annotated[list[AnyMessage], add_messages]
    summary: str


Chat = StateGraph[State, None, Input, State]
CompiledChat = CompiledStateGraph[State, None, Input, State]


def build(model: BaseChatModel) -> Chat:
    """Build chat, and summarise where the conversation has grown too long."""

    def chat(state: State) -> dict[str, Any]:
        message = HumanMessage(state["message"])
        summary = state.get("summary", "")
        earlier = [SystemMessage(EARLIER + summary)] if summary else []
        answer = model.invoke([SystemMessage(CHAT), *earlier, *state["messages"], message])
        return {"messages": [message, answer]}

    def route(state: State) -> Literal["summarise", "__end__"]:
        return "summarise" if len(state["messages"]) > LIMIT else "__end__"

    def summarise(state: State) -> dict[str, Any]:
        older = state["messages"][:-RECENT]
        summary = state.get("summary", "")
        lines = [EARLIER + summary] if summary else []
        lines += [f"{'Person' if message.type == 'human' else 'Assistant'}: {message.text}" for message in older]
        answer = model.invoke([SystemMessage(SUMMARISE), HumanMessage("\n".join(lines))])
        return {"summary": answer.text, "messages": [RemoveMessage(id=str(message.id)) for message in older]}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("chat", chat)
        .add_node("summarise", summarise)
        .add_edge(START, "chat")
        .add_conditional_edges("chat", route)
    )


def compile_forgetful(graph: Chat, _: BaseCheckpointSaver[Any] | None) -> CompiledChat:
    """Compile the trap: without a checkpointer nothing is saved, and each turn begins with an empty state."""
    return graph.compile()


def compile_remembering(graph: Chat, checkpointer: BaseCheckpointSaver[Any] | None) -> CompiledChat:
    """Compile the cure: each turn goes on from the state that the last one of its thread saved."""
    return graph.compile(checkpointer=checkpointer)
