"""Ask a human: an agent has a tool that asks the person, and uses it where it can't know something by itself.

Watch the agent decide to ask, stop, and go on with the answer. `ask_by_input` is how it's often written, and is only
to be read here: `input()` waits in the server's own process, where no visitor can type and everybody else waits too.
"""

from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool, tool
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import TypedDict

ASSIST = (
    "You tell people what it costs to send a parcel, by the tool 'shipping_price'. Where you don't know the country or "
    "the weight, ask the person by the tool 'ask_human', one thing at a time. Never guess."
)

TARIFF = {"France": (690, 110), "Germany": (490, 90), "Japan": (2150, 780), "Poland": (750, 100)}
"""By country, cents for a parcel and for each kilogram of it."""


class Input(TypedDict):
    """What the visitor gives."""

    request: Annotated[
        str, Field(title="Request", min_length=1, max_length=1000, json_schema_extra={"multiline": True})
    ]


class State(Input):
    """The conversation of the agent, its tools and the person."""

    messages: Annotated[list[AnyMessage], add_messages]


@tool
def ask_by_input(question: str) -> str:
    """Ask whoever sits at the server's terminal: the mistake, which no agent here is given."""
    return input(question)


@tool
def ask_human(question: str) -> str:
    """Ask the person who wants to know the price, and return the answer."""
    # The run ends here and its thread waits, for a minute or a month; on resume the tool runs again, to this line.
    return str(interrupt({"question": question}))


@tool
def shipping_price(country: str, kilograms: Annotated[float, Field(gt=0, le=30)]) -> str:
    """Tell what it costs to send a parcel of that weight to that country."""
    if country not in TARIFF:
        return f"No tariff for {country}. Parcels go to {', '.join(TARIFF)}."
    base, each = TARIFF[country]
    return f"{(base + kilograms * each) / 100:,.2f} €"


TOOLS: list[BaseTool] = [ask_human, shipping_price]


def build(model: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the agent and its tools, which take turns until the agent calls none."""

    def read(state: State) -> dict[str, Any]:
        return {"messages": [HumanMessage(state["request"])]}

    def agent(state: State) -> dict[str, Any]:
        return {"messages": [model.bind_tools(TOOLS).invoke([SystemMessage(ASSIST), *state["messages"]])]}

    return (
        StateGraph(State, input_schema=Input)
        .add_node("read", read)
        .add_node("agent", agent)
        .add_node("tools", ToolNode(TOOLS))
        .add_edge(START, "read")
        .add_edge("read", "agent")
        .add_conditional_edges("agent", tools_condition)
        .add_edge("tools", "agent")
    )
