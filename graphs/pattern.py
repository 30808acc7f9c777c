"""What a pattern is: the one shape that pages, tests, API and README read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.figures import Figures
from graphs.outcome import Ended, Outcome

Json = Any
"""A value that JSON can hold; the alias says what is meant, JSON's own type is recursive."""

Script = Callable[[Sequence[BaseMessage]], str | AIMessage]
"""Answers a model call offline, from the messages alone, so that a changed input changes the answer."""

Build = Callable[[BaseChatModel], StateGraph[Any, Any, Any, Any]]
"""Makes a lane's uncompiled graph around the model that answers."""

Compile = Callable[
    [StateGraph[Any, Any, Any, Any], BaseCheckpointSaver[Any] | None], CompiledStateGraph[Any, Any, Any, Any]
]
"""Compiles a lane's graph with the checkpointer that the lab offers it."""


def compile_with_checkpointer(
    graph: StateGraph[Any, Any, Any, Any], checkpointer: BaseCheckpointSaver[Any] | None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile a graph with the checkpointer, as every lane does that isn't about going without."""
    return graph.compile(checkpointer=checkpointer)


class Run(Protocol):
    """Streams a lane's compiled graph; what a page needs of the stream is among the options."""

    def __call__(
        self,
        graph: Any,
        given: Any,
        config: RunnableConfig,
        *,
        interrupt_before: Sequence[str] | None,
        interrupt_after: Sequence[str] | None,
        **options: Any,
    ) -> Iterator[Any]:
        """Call the graph's `stream` with the input, the config, the pauses that a visitor chose and the options."""
        ...


def run_saving_every_superstep(graph: Any, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
    """Stream a graph as every lane does that isn't about another durability; without a checkpointer none applies."""
    durability = None if graph.checkpointer is None else "sync"
    parts: Iterator[Any] = graph.stream(given, config, durability=durability, **options)
    return parts


@dataclass(frozen=True, slots=True)
class Saver:
    """The checkpointer that each thread of a lane has for itself, so that it can be dropped and made anew."""

    kind: Literal["memory", "sqlite", "postgresql"]
    """One on PostgreSQL is there only where the lab is on PostgreSQL."""
    make: Callable[..., BaseCheckpointSaver[Any]]
    """Takes nothing in memory, the path of a SQLite file, or a pool of connections to PostgreSQL."""


GoOn = Callable[..., Iterator[Any]]
"""Streams what is next at a config, the thread's or a checkpoint's: takes the graph, the config, and the same."""


@dataclass(frozen=True, slots=True)
class Rewind:
    """The mistaken way back: a checkpoint's values are written over the newest ones, and the thread goes on."""

    write: Callable[[Any, RunnableConfig, RunnableConfig], RunnableConfig]
    """Takes the graph, the thread and the checkpoint, and returns the config of what it wrote."""
    run: GoOn


@dataclass(frozen=True, slots=True)
class Replay:
    """The way back that runs everything after a checkpoint again."""

    run: GoOn | None = None
    """None runs it as the lane runs anyway."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The way back that goes on from an edit of a checkpoint."""

    write: Callable[[Any, RunnableConfig, dict[str, Any]], RunnableConfig]
    """Takes the graph, the checkpoint and the edit, and returns the config of what it wrote.

    It leaves what is next as it is; the lab calls it on a draft of the thread first, which it shows and then saves.
    """
    run: GoOn


@dataclass(frozen=True, slots=True)
class Mend:
    """The way out where nobody can read a thread's newest state: a fork from its parent, as the node that wrote it."""

    trail: str = ""
    """The list in the state that gets a line of what was corrected."""


class Family(StrEnum):
    """The chapters of the catalogue, in the order of the gallery."""

    STATE = "State"
    SHAPES = "Graph shapes"
    STREAMING = "Streaming"
    PERSISTENCE = "Persistence and time travel"
    HUMAN = "Human in the loop"
    RESILIENCE = "Resilience"
    AGENTS = "Multi-agent"


class Panel(StrEnum):
    """What a lane has beside its messages, where these and its figures aren't enough."""

    STREAM_MODES = "stream modes"
    """The parts of its stream as each mode tells them, a column a mode; its runs tell each part as an event."""
    SECOND_CLIENT = "second client"
    """Another reader of the same run, over a WebSocket, which can be cut off and brought back."""


@dataclass(frozen=True, slots=True)
class Breakpoints:
    """Static pauses, by node name."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


@dataclass(frozen=True, slots=True)
class Reply:
    """Answers the interrupt that is pending; several pending ones are answered in one submit."""

    value: Json
    who: str = ""
    """The part that the person plays, where there are several: the manager, the director."""
    by_tool: Mapping[str, Json] = field(default_factory=dict)
    """Answers to questions about one tool call each, by the tool; all other questions get the value."""
    by_word: Mapping[str, Json] = field(default_factory=dict)
    """Answers to questions with this word in their text, such as a name; all other questions get the value."""
    person: str = ""
    """Who answers, by a name of the lab's directory; empty where anybody may."""
    node: str = ""
    """The node whose question is answered, where those that wait are for different people; empty for all that wait."""

    def answer(self, tool: str = "", text: str = "") -> Json:
        """Return the answer to a question of this text, be it about a call of a tool or about something else."""
        named = (value for word, value in self.by_word.items() if word in text)
        return next(named, self.by_tool.get(tool, self.value))


@dataclass(frozen=True, slots=True)
class Edit:
    """Writes these values to the state at a pause, as a person does by form; it doesn't go on by itself."""

    values: Mapping[str, Json]
    who: str = ""
    """The part that the person plays, where there are several."""
    person: str = ""
    """Who writes, by a name of the lab's directory; empty where anybody may."""


@dataclass(frozen=True, slots=True)
class Go:
    """Continues from a pause or after a failure."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Sends further input to the same thread."""

    input: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Restart:
    """Drops the lane's checkpointer and graph and makes both anew, as a restart of the program would."""


@dataclass(frozen=True, slots=True)
class Recover:
    """Takes up a run whose process was killed: goes on from what is saved, or starts over where nothing is."""

    nothing_saved: bool = False
    """True where the kill leaves no checkpoint, so that the person starts again instead of going on."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs other input in a further thread of the lane; the steps after it are the first thread's again."""

    input: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class WayBack:
    """Goes back to the checkpoint before the node `to` first ran, the lane's own way; a fork writes these values.

    Where the way is to mend, that is the parent of what can't be read.
    """

    to: str
    values: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Lets the deadline of what is asked pass; where the question says what then, the lab itself answers it."""


Step = Reply | Edit | Go | Turn | Restart | Recover | Comparison | WayBack | Wait


@dataclass(frozen=True, slots=True)
class Example:
    """An input that can be run, and what a person then does until each lane's end."""

    label: str
    input: Mapping[str, Json]
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    """By lane key; a lane that isn't named ends by itself."""
    breakpoints: Breakpoints = Breakpoints()
    """Pauses that the visitor would choose, where the pattern lets them."""
    unhappy: bool = False
    """True where the example takes a path that people would rather not see."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What a trap costs, as a number that's counted for it and for its cure on the same input."""

    counts: str
    """What is counted, such as 'Charges too many'."""
    count: Callable[[Ended], int]
    cure: str
    """The lane that does it right, by its key."""
    example: int = 0
    """The example that shows it, by its number."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One graph of a pattern, shown in a column of its own."""

    key: str
    title: str
    differs: str
    """What this lane does that its neighbour doesn't, in one sentence."""
    build: Build
    trap: str = ""
    """The mistake that the lane shows on purpose and what it costs; empty where it's sound."""
    harm: Harm | None = None
    """The trap's cost in a number, None where the lane is sound."""
    compile: Compile = compile_with_checkpointer
    """Of the graph's own file where the lane is about it, and so is `run`."""
    run: Run = run_saving_every_superstep
    context: Callable[[Mapping[str, Json]], object] | None = None
    """Makes the context of each of a thread's runs from its input; None gives them the world, as most need it."""
    remembers: bool = True
    """False where `compile` passes the checkpointer over, so that no turn leaves anything behind."""
    saver: Saver | None = None
    """Where each thread of the lane has a checkpointer of its own; None shares the lab's."""
    edits: tuple[str, ...] = ()
    """State fields that a person fills in when the lane stops at a static breakpoint, goes back, or is mended."""
    travel: Rewind | Replay | Fork | Mend | None = None
    """The way back that the lane is about, offered beside what it left."""
    outcome: Outcome | None = None
    """Says what came of a thread in words that a stakeholder has; of the pattern's own lanes each says it."""
    agents: tuple[str, ...] = ()
    """Nodes, outermost ones, whose messages and steps stand in a column each, where agents work beside each other."""
    figures: Figures | None = None
    """What the lane shows in numbers while it runs and after, where its lesson is something to measure."""
    panel: Panel | None = None
    """What else stands beside its messages."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A workflow pattern of LangGraph with its lanes, examples and offline answers."""

    slug: str
    title: str
    family: Family
    summary: str
    """One sentence under the title."""
    watch: tuple[str, ...]
    """What to look at while it runs, one sentence each."""
    sources: tuple[str, ...]
    lanes: tuple[Lane, ...]
    examples: tuple[Example, ...]
    script: Script
    turns: bool = False
    """True where further input goes to the same thread."""
    choose_breakpoints: bool = False
    """True where the visitor picks the pauses at run time."""
    tables: tuple[Literal["ledger", "outbox", "archive", "records"], ...] = ()
    """Business tables that the page shows beside the lanes."""
    untried_trap: str = ""
    """A mistake that no lane runs, because it would harm whoever else is here, and what goes wrong with it."""
    compares: tuple[str, ...] = ()
    """State fields that the page lists for each lane's newest threads, where what one thread does shows in others."""
    channels: tuple[str, ...] = ()
    """State fields of which the page lists, step by step, what they held before, what was written, what they hold."""
    crash_field: str = ""
    """The input field that says where the process is killed; a run where it isn't 'never' gets a process of its own."""

    def lane(self, key: str) -> Lane:
        """Return the lane of that key; raise KeyError where there is none."""
        for lane in self.lanes:
            if lane.key == key:
                return lane
        raise KeyError(f"Pattern '{self.slug}' has no lane '{key}'.")
