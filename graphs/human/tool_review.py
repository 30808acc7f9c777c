"""Tool review: the tool calls of an agent wait until a person approves, edits, rejects or answers each of them.

Watch the ledger and the outbox beside the lanes: only what was approved or edited gets there. 'One question for all'
takes the decisions on a message's calls together, as a list in their order; 'One question a call' asks about each by
itself, so that one can be decided while the others still wait.
"""

from typing import Annotated, Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, InterruptOnConfig
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.tools import BaseTool, tool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolRuntime
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World, effect_key

ASSIST = (
    "You're the assistant of an office. Pay invoices, send mails, and ask the person where something is missing, "
    "by your tools alone. A call that was rejected is over, unless the reason says what would be right."
)


class Input(TypedDict):
    """What the visitor gives."""

    request: Annotated[
        str, Field(title="Request", min_length=1, max_length=1000, json_schema_extra={"multiline": True})
    ]


class State(Input):
    """The conversation of the agent, its tools and the person."""

    messages: Annotated[list[AnyMessage], add_messages]


Office = StateGraph[State, World, Input, State]


@tool
def pay_invoice(
    invoice: Annotated[str, Field(min_length=1, max_length=40)],
    euros: Annotated[float, Field(gt=0, le=10_000)],
    runtime: ToolRuntime[Any, Any],
) -> str:
    """Pay an invoice."""
    world: World = runtime.context
    number = world.ledger.charge(invoice, round(euros * 100), key=effect_key(runtime, str(runtime.tool_call_id)))
    return f"Paid {euros:,.2f} € for invoice {invoice}, booking {number}."


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
def ask_person(question: str) -> str:
    """Ask the person for what is missing; the person's answer is what the tool returns."""
    raise AssertionError(f"Nobody answered {question!r}: the only decision on this tool is an answer in its place.")


TOOLS: list[BaseTool] = [pay_invoice, send_mail, ask_person]

DECISIONS: dict[str, bool | InterruptOnConfig] = {
    "pay_invoice": {
        "allowed_decisions": ["approve", "edit", "reject"],
        "description": "Money leaves the account with this call.",
    },
    "send_mail": {
        "allowed_decisions": ["approve", "edit", "reject"],
        "description": "This mail leaves the house with this call.",
    },
    "ask_person": {"allowed_decisions": ["respond"], "description": "The agent needs to know something."},
}
"""By tool, what a person may decide; a tool that isn't named here would run unasked."""


def build_together(model: BaseChatModel) -> Office:
    """Build the agent that asks once about all calls of a message; the answer lists a decision for each."""
    review: Any = HumanInTheLoopMiddleware(DECISIONS)
    return _office(create_agent(model, TOOLS, system_prompt=ASSIST, middleware=[review], context_schema=World))


def build_each(model: BaseChatModel) -> Office:
    """Build the agent that asks about each call by itself, as it starts, with a schema of the answer."""
    review: Any = HumanInTheLoopMiddleware(DECISIONS, interrupt_mode="per_call")
    return _office(create_agent(model, TOOLS, system_prompt=ASSIST, middleware=[review], context_schema=World))


def _office(agent: CompiledStateGraph[Any, World, Any, Any]) -> Office:
    def read(state: State) -> dict[str, Any]:
        return {"messages": [HumanMessage(state["request"])]}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("read", read)
        .add_node("agent", agent, metadata={"effects": ["ledger", "outbox"]})
        .add_edge(START, "read")
        .add_edge("read", "agent")
        .add_edge("agent", END)
    )
