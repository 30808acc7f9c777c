"""One lane's column: head, graph, chat and steps as they stream, and its card."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import streamlit as st

from graphs.pattern import Lane, Mend
from lab.errors import LabError
from lab.events import Item, Killed, Message, Reopened, RunView, Said, StepView, ThreadView
from lab.history import Snapshot, Status, is_restored
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import code_counted, literal, node_name, node_path, seconds, shown, stream_box
from ui.graph import Phase, Shape, draw_diagram, is_handled, picture_size, state_markup, states_of_nodes
from ui.lanes.failures import ended_badly, inside, killed, reason, reopened
from ui.lanes.figures import figures_markup
from ui.lanes.panel import LanePanel
from ui.lanes.said import draw_said
from ui.lanes.step import draw_step
from ui.lanes.stream_places import StreamPlaces

BADGES: dict[str, tuple[str, str, Any]] = {
    "new": ("Not started", ":material/radio_button_unchecked:", "gray"),
    "running": ("Running", ":material/play_circle:", "blue"),
    "elsewhere": ("Running in another process", ":material/lan:", "blue"),
    "stopping": ("Stopping", ":material/stop_circle:", "violet"),
    "waiting": ("Waiting for an answer", ":material/front_hand:", "orange"),
    "forgotten": ("Nothing is left", ":material/backspace:", "orange"),
    "finished": ("Finished", ":material/check_circle:", "green"),
    "paused": ("Paused", ":material/pause_circle:", "violet"),
    "stopped": ("Stopped", ":material/stop_circle:", "violet"),
    "failed": ("Failed", ":material/error:", "red"),
    "unreadable": ("Can't be read", ":material/broken_image:", "red"),
    "crashed": ("Its process was killed", ":material/power_off:", "red"),
}
AT_WORK = (Phase.RUNNING, Phase.WAITING, Phase.PAUSED, Phase.FAILED)
"""Of the nodes in these phases the names stand beside the status."""
PAGE = 60
"""Messages and steps of one page of a lane; while a run goes on up to twice as many are drawn."""
OPENER = 28
"""Pixels of the button beside a graph that opens it large."""
PARAGRAPH = 1200
"""Characters after which a message goes on in a new element, so that a long answer isn't sent again whole."""


@dataclass(slots=True)
class Slot:
    """Where one item is drawn, and the version that is there."""

    place: Any
    version: int = -1
    texts: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    root: Any = field(init=False)
    """What the whole item stands in."""

    def __post_init__(self) -> None:
        self.root = self.place


class LanePane:
    """A lane as it's drawn in one script run; `draw` comes first, `update` as often as there is news."""

    def __init__(
        self,
        workspace: Workspace,
        lane: Lane,
        thread: Thread | None,
        view: ThreadView | None,
        shape: Shape,
        key: str,
        panel: LanePanel | None = None,
    ) -> None:
        self.lane = lane
        self.panel = panel
        self.thread = thread
        self.key = key
        self.shape = shape
        self._names = [node.id for node in shape.nodes] + [":".join(path) for path in _groups(shape)]
        self.view = view
        self.status: Status = "new"
        self.snapshot: Snapshot | None = None
        self.came_out = ""
        """What came of the thread, as its lane says it."""
        self.problem = ""
        """Why the thread's newest checkpoint can't be read."""
        self._lost: dict[str, StepView] = {}
        """Steps that had ended and whose writes went with a process that was killed."""
        if thread is not None:
            self._stand(workspace, thread)
        self._slots: dict[str, Slot] = {}
        self._head_drawn: dict[str, object] = {}
        """What stands in each part of the head."""
        self._version = -1
        self._stepped = -1
        self._first = 0
        """The number of the first item that is drawn."""
        self._newest = True
        """Whether what comes is drawn, as it is unless an earlier page is open."""

    def _stand(self, workspace: Workspace, thread: Thread) -> None:
        """Read how the thread stands; one that is damaged leaves the rest of the page as it is."""
        try:
            self.status, self.snapshot = workspace.history.stand(thread.thread_id)
            if self.status != "running":
                self.came_out = workspace.history.outcome(thread.thread_id)
            self._look_for_losses(workspace, thread)
        except LabError as error:
            self.status, self.problem = "resumable", str(error)

    def _look_for_losses(self, workspace: Workspace, thread: Thread) -> None:
        """Ask the storage which steps of a killed run are in none of its checkpoints, as its events can't know."""
        if self.view is None or not self.lane.remembers:
            return
        self.view.catch_up()
        places = [item for item in self.view.items if isinstance(item, Killed)]
        if places:
            saved = workspace.history.tree(thread.thread_id).marks
            self._lost = {step.key: step for place in places for step in place.lost(saved)}

    @property
    def outcome(self) -> str:
        """How the lane stands, in one word of `BADGES`."""
        if self.problem:
            return "unreadable"
        if self.status == "running" and self.view is not None and self.view.stopping:
            return "stopping"
        if self.status == "new" and self.view is not None and isinstance(self.view.newest, Reopened):
            return "forgotten"
        if self.status == "finished" and (bad := ended_badly(self.view)) is not None and bad.outcome == "failed":
            # Once every node has written, an edge can still fail; and a lane without memory has no other status.
            return "failed"
        if self.status == "waiting" and self.snapshot is not None:
            asked = {question.id for question in self.snapshot.questions}
            return "failed" if asked and asked <= self.snapshot.saved_answers.keys() else "waiting"
        if self.status not in ("resumable", "new"):
            return self.status
        last = self.view.runs[-1] if self.view and self.view.runs else None
        if last is None or last.outcome not in ("failed", "stopped", "crashed") or self._changed_since(last):
            return "paused" if self.status == "resumable" else "new"
        # Of a run that only its checkpoints tell of, it's known where it stands, but not why.
        return "paused" if is_restored(last.run_id) and last.outcome == "stopped" else last.outcome

    def _changed_since(self, run: RunView) -> bool:
        return self.view is not None and run.ended is not None and self.view.changed_at > run.ended

    def draw(self, card: Callable[["LanePane"], None], *, in_row: bool = False) -> None:
        """Draw the whole column as it stands now; `card` draws what the lane asks for.

        With `in_row` the messages stand beside the graph, which takes no more width than it's drawn with.
        """
        self._draw_head()
        if self.lane.figures:
            # A row of its own, so that the graphs and messages of all lanes begin at one height below it.
            with st.container(key=f"lane_figures_{self.key}"):
                self._figures = st.empty()
        with st.container(key=f"lane_body_{self.key}", gap="small"):
            width: Any = ceil(picture_size(self.shape)[0]) + OPENER if in_row else "stretch"
            draw_diagram(self.shape, key=self.key, title=self.lane.title, width=width)
            with st.container(key=f"lane_feed_{self.key}", gap="small"):
                self._bar = st.empty()
                self._turn_page()
                self._folded = st.empty()
                self._stream = stream_box(self.key, gap="small")
                self._places = StreamPlaces(self._stream, self.lane.agents)
                self.update(force=True)
            if self.panel is not None:
                with st.container(key=f"lane_panel_{self.key}", gap="small"):
                    self.panel.draw(self.view)
        if self.status == "running":
            # The script goes on while the run is followed, and would leave the card of before in its place.
            st.empty()
        self.draw_foot(card)

    def draw_foot(self, card: Callable[["LanePane"], None]) -> None:
        """Draw what came of the thread, the card of what it asks for, and why its last run failed."""
        with st.container(key=f"lane_card_{self.key}", gap="small"):
            if self.problem and not isinstance(self.lane.travel, Mend):
                st.warning(literal(self.problem, 1000), icon=":material/broken_image:")
            if self.came_out:
                st.markdown(f":material/flag: **{literal(self.came_out)}**")
            card(self)
            # Below the card, whose buttons it would else push out of the lane.
            if why := reason(self.view, self.status):
                st.error(literal(why, 1000), icon=BADGES["failed"][1])

    def _draw_head(self) -> None:
        """Draw the lane's title, what differs in one line with the whole behind a button, and how it stands."""
        with st.container(key=f"lane_head_{self.key}", horizontal=True, vertical_alignment="center", gap="small"):
            st.header(self.lane.title, anchor=False)
            with st.popover(
                "Trap" if self.lane.trap else "About",
                icon=":material/warning:" if self.lane.trap else ":material/info:",
                type="tertiary",
                key=f"lane_about_{self.key}",
            ):
                trap = f"\n\n:material/warning: **Trap, on purpose.** {self.lane.trap}" if self.lane.trap else ""
                st.markdown(f"**{self.lane.title}**\n\n{self.lane.differs}{trap}")
        with st.container(key=f"lane_line_{self.key}"):
            st.markdown(f"**Trap, on purpose.** {self.lane.trap}" if self.lane.trap else self.lane.differs)
        with st.container(key=f"lane_status_{self.key}", horizontal=True, vertical_alignment="center", gap="small"):
            self._badge = st.empty()
            self._at_work = st.empty()
        self._now = st.empty()

    def _turn_page(self) -> None:
        """Draw the pages of a long list of messages and steps; while a run goes on its newest ones are shown."""
        if self.view is None or self.thread is None:
            return
        self.view.catch_up()
        pages = -(-len(self.view.items) // PAGE)
        if pages > 1 and self.status != "running":
            # A list that has grown since has another last page, which is the one to open.
            key = f"items_{self.key}_{self.thread.thread_id}_{pages}"
            number = int(st.pagination(pages, key=key, default=pages) or pages)
            self._first, self._newest = (number - 1) * PAGE, number == pages

    def _items(self) -> list[Item]:
        """Return the items to draw, and take those away that are too far back by now."""
        assert self.view is not None
        items = list(self.view.items)
        if self._newest and len(items) - self._first > 2 * PAGE:
            first = len(items) - PAGE
            for item in items[self._first : first]:
                slot = self._slots.pop(item.key, None)
                if slot is not None:
                    slot.root.empty()
            self._first = first
        drawn = items[self._first :] if self._newest else items[self._first : self._first + PAGE]
        if len(drawn) < len(items):
            last = self._first + len(drawn)
            text = f"Messages and steps {self._first + 1:,} to {last:,} of {len(items):,}"
            if self._is_other("folded", text):
                self._folded.caption(text)
        return drawn

    def update(self, *, force: bool = False) -> bool:
        """Draw what is new; True where the run that was going on has ended."""
        if self.view is None:
            self._head()
            return False
        version = self.view.catch_up()
        if version != self._version or force:
            self._version = version
            for item in self._items():
                self._item(item)
            # More of a text changes nothing in the head.
            if self.view.stepped != self._stepped or force:
                self._stepped = self.view.stepped
                self._head()
            # The first time it's drawn by itself, below.
            if self.panel is not None and not force:
                self.panel.update(self.view)
        self._measure()
        return self.status == "running" and not self.view.running

    def _measure(self) -> None:
        """Draw the lane's figures; a time that passes is one where nothing else happens."""
        if self.view is None or self.lane.figures is None:
            return
        line = figures_markup(self.lane.figures(self.view))
        if self._is_other("figures", line):
            self._figures.markdown(line)

    def _head(self) -> None:
        """Draw how the lane stands; what stands there already isn't sent again."""
        outcome = self.outcome
        if self._is_other("badge", outcome):
            label, icon, color = BADGES[outcome]
            self._badge.badge(label, icon=icon, color=color)
        view = self.view
        if view is None:
            return
        states = states_of_nodes(self._names, view, self.status, self.snapshot)
        if self._is_other("now", markup := state_markup(self.key, states)):
            self._now.markdown(markup, unsafe_allow_html=True)
        busy = [node.id for node in self.shape.nodes if states[node.id].phase in AT_WORK]
        at_work = [name for name in busy if not is_handled(name, states)]
        took = [seconds(view.worked)] if view.worked and not view.running else []
        line = " · ".join([*filter(None, [code_counted(map(node_name, at_work), 3)]), *took])
        if self._is_other("at_work", line):
            self._at_work.markdown(line)
        if self._is_other("bar", view.progress):
            _bar(self._bar, view.progress)

    def _is_other(self, part: str, content: object) -> bool:
        """Note what a part of the head is to be drawn with; False where that stands there."""
        if part in self._head_drawn and self._head_drawn[part] == content:
            return False
        self._head_drawn[part] = content
        return True

    def _item(self, item: Item) -> None:
        slot = self._slots.get(item.key)
        if slot is None:
            path = item.path if isinstance(item, Message | StepView) else ()
            slot = self._slots[item.key] = Slot(self._place(self._places.of(path)))
        if slot.version == item.version:
            return
        slot.version = item.version
        match item:
            case Message():
                self._message(slot, item)
            case Said() if self.thread is not None:
                name, icon = ("lab", "timer_off") if item.expired else ("user", "person")
                with slot.place.chat_message(name, avatar=f":material/{icon}:"):
                    draw_said(item, self.thread)
            case StepView():
                within = inside(self.view, item) if self.view is not None else None
                draw_step(slot.place, item, lost=item.key in self._lost, inside=within)
            case Killed():
                lost = [step for step, _ in item.ended if step.key in self._lost]
                slot.place.markdown(f":material/power_off: {killed(item, lost)}")
            case Reopened():
                slot.place.markdown(f":material/restart_alt: {reopened(item)}")

    def _place(self, within: Any) -> Any:
        """Return where to draw one thing; while the run is followed that can be drawn again in its place."""
        return within.empty() if self.status == "running" else within

    def _message(self, slot: Slot, message: Message) -> None:
        if not slot.texts:
            slot.place = slot.place.chat_message("assistant", avatar=":material/smart_toy:")
            slot.place.caption(shown(node_path(message.path), 120))
        parts = [*paragraphs(shown(message.text)), *([shown(message.tool)] if message.tool else [])]
        for number, part in enumerate(parts):
            if number == len(slot.texts):
                slot.texts.append(self._place(slot.place))
                slot.said.append("")
            if slot.said[number] != part:
                slot.said[number] = part
                slot.texts[number].text(part)


def paragraphs(text: str) -> list[str]:
    """Cut a text at line ends into parts of which only the last one still grows."""
    parts: list[str] = []
    rest = text
    while len(rest) > PARAGRAPH:
        cut = rest.rfind("\n", 0, PARAGRAPH) + 1 or rest.rfind(" ", 0, PARAGRAPH) + 1 or PARAGRAPH
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def _bar(place: Any, progress: Json) -> None:
    """Draw how far the lane is, where its nodes tell a percentage."""
    percent = progress.get("percent") if isinstance(progress, dict) else None
    if isinstance(progress, dict) and isinstance(percent, (int, float)):
        step = literal(progress.get("step", ""), 80)
        place.progress(min(100, max(0, int(percent))), text=f"{step} · {percent:.0f} %")


def _groups(shape: Shape) -> list[tuple[str, ...]]:
    return sorted({node.parent[: depth + 1] for node in shape.nodes for depth in range(len(node.parent))})
