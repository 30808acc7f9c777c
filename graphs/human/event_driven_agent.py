"""Event-driven agent: it plans tool calls, waits for a person before those that act, runs or cancels them, and sums up.

Watch the second turn. 'Approval as a flag' stops there too, but the yes of the first turn still stands in the state:
whoever resumes without deciding lets it run. 'Approval by interrupt' asks in each call, and gets an answer to it alone.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from langchain.agents.middleware import HumanInTheLoopMiddleware, InterruptOnConfig
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, tool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode, ToolRuntime
from langgraph.types import Command, Send
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

PLAN = (
    "You're the assistant of a shop. Look things up, mail people and change customers' records, by your tools alone. "
    "Don't repeat a call that was rejected or cancelled, unless the reason says what would be right. When nothing is "
    "left to do, sum up in one or two sentences what was done and what wasn't."
)

DOCUMENTS = {
    "Returns": "Goods may be sent back within 30 days. The customer gets the money back within 14 days after that.",
    "Delivery": "Delivery takes three working days, and is free of charge from 50 € on. The driver rings first.",
    "Warranty": "Furniture has a warranty of five years, lamps of two. Broken parts are replaced free of charge.",
    "Opening hours": "The shop is open from Monday to Saturday, from 9 to 18. In December it's open until 20.",
}
CUSTOMERS = {
    "C-100": {"address": "12 Harbour Street, Leith", "phone": "+44 131 496 0100"},
    "C-101": {"address": "3 Abbey Road, York", "phone": "+44 1632 960 101"},
}


class Input(TypedDict):
    """What the visitor gives in each turn."""

    request: Annotated[
        str, Field(title="Request", min_length=1, max_length=1000, json_schema_extra={"multiline": True})
    ]


class State(Input):
    """The conversation; `approved` is what a person writes where approval is a flag."""

    messages: Annotated[list[AnyMessage], add_messages]
    approved: Annotated[bool, Field(title="Approved")]


Agent = StateGraph[State, World, Input, State]
Compiled = CompiledStateGraph[State, World, Input, State]


@tool
def search_documents(query: Annotated[str, Field(min_length=1, max_length=200)]) -> str:
    """Search the shop's documents."""
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 3}
    ranks = [(sum(word in f"{name} {text}".lower() for word in words), name) for name, text in DOCUMENTS.items()]
    hits, best = max(ranks)
    return f"{best}: {DOCUMENTS[best]}" if hits else f"No document has anything about {query!r}."


@tool
def send_mail(
    recipient: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")],
    subject: Annotated[str, Field(min_length=1, max_length=100)],
    body: str,
    runtime: ToolRuntime[Any, Any],
) -> str:
    """Send a mail."""
    world: World = runtime.context
    number = world.outbox.send(recipient, subject, body, key=effect_key(runtime, str(runtime.tool_call_id)))
    return f"Sent mail {number} to {recipient}."


@tool
def update_record(
    customer: str,
    field: Literal["address", "phone"],
    value: Annotated[str, Field(min_length=1, max_length=200)],
    runtime: ToolRuntime[Any, Any],
) -> str:
    """Change a field of a customer's record."""
    if customer not in CUSTOMERS:
        return f"There is no customer {customer}, so nothing was changed."
    world: World = runtime.context
    old = world.records.newest(customer, field) or CUSTOMERS[customer][field]
    key = effect_key(runtime, str(runtime.tool_call_id))
    number = world.records.change(customer, field, old, value, key=key)
    return f"Changed the {field} of {customer} from {old!r} to {value!r}, change {number}."


TOOLS: list[BaseTool] = [search_documents, send_mail, update_record]

MAY: Any = ["approve", "edit", "reject"]
SENSITIVE: dict[str, bool | InterruptOnConfig] = {
    "send_mail": {"allowed_decisions": MAY, "description": "This mail leaves the shop with this call."},
    "update_record": {"allowed_decisions": MAY, "description": "The customer's record changes with this call."},
}
"""By tool that acts, what a person may decide; any other tool runs unasked."""
EFFECTS = {"effects": ["outbox", "records"]}


def _agent(model: BaseChatModel) -> Agent:
    def read(state: State) -> dict[str, Any]:
        return {"messages": [HumanMessage(state["request"])]}

    def plan(state: State) -> dict[str, Any]:
        return {"messages": [model.bind_tools(TOOLS).invoke([SystemMessage(PLAN), *state["messages"]])]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_edge(START, "read")
        .add_sequence([read, plan])
        .add_edge("execute", "plan")
    )


def _planned(state: State) -> list[Any]:
    last = state["messages"][-1]
    return last.tool_calls if isinstance(last, AIMessage) else []


def build_flag(model: BaseChatModel) -> Agent:
    """Build the mistake: a yes that is written into the state stays there, for calls that nobody has seen as well."""

    def after_plan(state: State) -> Literal["await_approval", "execute", "__end__"]:
        if not _planned(state):
            return "__end__"
        return "await_approval" if any(call["name"] in SENSITIVE for call in _planned(state)) else "execute"

    def await_approval(state: State) -> Command[Literal["execute", "cancel"]]:
        return Command(goto="execute" if state.get("approved") else "cancel")

    def cancel(state: State) -> dict[str, Any]:
        # Each call needs a result, or the model's service refuses the conversation from here on.
        said: dict[str, Any] = {"content": "Cancelled, as nobody approved it.", "status": "error"}
        results = [ToolMessage(name=call["name"], tool_call_id=call["id"], **said) for call in _planned(state)]
        return {"messages": results}

    return (
        _agent(model)
        .add_node("await_approval", await_approval)
        .add_node("execute", ToolNode(TOOLS), metadata=EFFECTS)
        .add_node("cancel", cancel)
        .add_conditional_edges("plan", after_plan)
        .add_edge("cancel", "plan")
    )


def run_flag(graph: Compiled, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Run to the approval and stop before it, by its name; with no input, go on from there."""
    pauses = [*(options.pop("interrupt_before", None) or ()), "await_approval"]
    return graph.stream(given, config, interrupt_before=pauses, durability="sync", **options)


def build_interrupt(model: BaseChatModel) -> Agent:
    """Build the cure: each call is a task that asks for itself, and its answer goes to nobody else."""
    review: Any = HumanInTheLoopMiddleware(SENSITIVE, interrupt_mode="per_call")

    def after_plan(state: State) -> list[Send] | Literal["__end__"]:
        return [Send("execute", [call]) for call in _planned(state)] or "__end__"

    return (
        _agent(model)
        .add_node("execute", ToolNode(TOOLS, wrap_tool_call=review.wrap_tool_call), metadata=EFFECTS)
        .add_conditional_edges("plan", after_plan, ["execute", END])
    )
