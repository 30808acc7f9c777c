"""The input of a pattern's page: examples, fields, pauses, and the buttons that start and stop."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import streamlit as st

from graphs.pattern import Breakpoints, Comparison, Example, Pattern, Turn
from lab.errors import UnknownThread
from lab.jsonable import Json
from lab.threads import Thread
from lab.workspace import RunOptions, Workspace, start_lanes
from ui.common import (
    SCREEN,
    ActionErrors,
    action_button,
    bring_into_view,
    forget_thread,
    literal,
    look_at,
    run_options,
    show_thread,
)
from ui.forms import ask, values_in_form
from ui.graph import lane_input_fields, unasked
from ui.lanes import LanePane
from ui.pattern_page.play import Play
from ui.pattern_page.play_bar import play_button
from ui.pattern_page.play_state import end_play

FIELD = 260
"""Pixels below which a field isn't drawn beside another one."""


class Starter:
    """Draws a pattern's form and does what its buttons say."""

    def __init__(
        self,
        pattern: Pattern,
        workspace: Workspace,
        panes: Sequence[LanePane],
        running: Sequence[Thread],
        play: Play,
    ) -> None:
        self._pattern = pattern
        self._workspace = workspace
        self._panes = panes
        self._threads = [pane.thread for pane in panes if pane.thread is not None]
        self._slug = pattern.slug
        self._fields = lane_input_fields(pattern.slug, pattern.lanes[0].key)
        self._unasked = unasked(pattern.slug, pattern.lanes[0].key)
        self._running = running
        self._play = play
        self._errors = ActionErrors(f"{pattern.slug}_form")

    def draw(self, nodes: Sequence[str]) -> None:
        """Draw the input, in one line once it runs, and the buttons beside it; `nodes` can be paused at."""
        if self._turning:
            self._next_turn()
        else:
            with st.container(horizontal=True, gap="small", key="run_bar"):
                self._input(nodes)
                self._buttons()
        self._errors.draw()

    def _input(self, nodes: Sequence[str]) -> None:
        first = next(iter(self._threads), None)
        compared = isinstance(self._play.input, Comparison)
        label = "Input" if first is None else f"Input: {literal(first.title)}"
        # Each run has an expander of its own, which begins folded.
        key = f"{self._slug}_input_{first.session if first else 'new'}{'_compared' if compared else ''}"
        with st.expander(label, expanded=first is None or compared, icon=":material/input:", key=key):
            number = self._example_number()
            example = self._pattern.examples[number]
            key = f"{self._slug}_{number}{'_compared' if compared else ''}"
            values = self._play.input.input if isinstance(self._play.input, Comparison) else example.input
            with st.form(key=f"{self._slug}_form", border=False):
                with st.grid("auto", min_column_width=FIELD) if len(self._fields) > 1 else nullcontext():
                    ask(self._fields, key, values, self._errors.by_field())
                for one in self._unasked:
                    st.caption(
                        f"{literal(one.title)}: a form can't make values of its type. The example's one is taken."
                    )
                if self._pattern.choose_breakpoints:
                    self._pauses(nodes, example, number)
                self._run_button("Run", ":material/play_arrow:", self._start, key)

    def _next_turn(self) -> None:
        """Draw what goes to the same threads next, prefilled with the example's next turn, and the buttons.

        They stand beside the form where it leaves room for all of them, else together below it.
        """
        number = int(st.session_state.get(f"{self._slug}_example", 0) or 0)
        steps = self._pattern.examples[number].steps.get(self._pattern.lanes[0].key, ())
        turns = [step.input for step in steps if isinstance(step, Turn)]
        said = self._turns_sent()
        key = f"{self._slug}_{number}_{said}"
        values = turns[said] if said < len(turns) else {}
        with st.container(horizontal=bool(values), vertical_alignment="bottom", gap="small", key="run_bar"):
            with (
                st.form(key=f"{self._slug}_form", border=False),
                st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
            ):
                ask(self._fields, key, values, self._errors.by_field())
                self._run_button("Send", ":material/send:", self._turn, key)
            width: Any = "content" if values else "stretch"
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width=width):
                if not values:
                    st.caption(
                        "The example has no further message. Write one of your own, or begin anew with New thread."
                    )
                self._buttons()

    def _turns_sent(self) -> int:
        """Count the turns that the lane has got which has got the fewest."""
        counts = []
        for pane in self._panes:
            if pane.view is not None:
                pane.view.catch_up()
                counts.append(sum(run.kind == "turn" for run in pane.view.runs))
        return min(counts)

    def _run_button(self, label: str, icon: str, act: Callable[[str], None], key: str) -> None:
        action_button(
            label,
            type="primary",
            icon=icon,
            key=f"{self._slug}_run",
            disabled=bool(self._running),
            in_form=True,
            errors=self._errors,
            on_click=act,
            args=(key,),
        )

    def _given(self, key: str) -> dict[str, Json]:
        """Return what the form holds, and of what no form can ask for the example's values."""
        example = self._pattern.examples[st.session_state.get(f"{self._slug}_example", 0) or 0]
        fixed = {one.name: example.input[one.name] for one in self._unasked if one.name in example.input}
        return {**fixed, **values_in_form(self._fields, key)}

    def pauses(self) -> Breakpoints:
        """Return the pauses that the visitor has chosen."""
        number = st.session_state.get(f"{self._slug}_example", 0) or 0
        before = st.session_state.get(f"{self._slug}_{number}_before", ())
        after = st.session_state.get(f"{self._slug}_{number}_after", ())
        return Breakpoints(tuple(before or ()), tuple(after or ()))

    def _example_number(self) -> int:
        examples = self._pattern.examples
        chosen = st.pills(
            "Examples",
            range(len(examples)),
            default=0,
            required=True,
            format_func=lambda number: examples[number].label,
            key=f"{self._slug}_example",
            wrap=True,
            persist_state="session",
        )
        return int(chosen or 0)

    @property
    def _turning(self) -> bool:
        return self._pattern.turns and bool(self._threads)

    def _pauses(self, nodes: Sequence[str], example: Example, number: int) -> None:
        left, right = st.columns(2)
        for column, when, chosen in (
            (left, "before", example.breakpoints.before),
            (right, "after", example.breakpoints.after),
        ):
            column.pills(
                f"Pause {when}",
                nodes,
                selection_mode="multi",
                default=list(chosen),
                key=f"{self._slug}_{number}_{when}",
                persist_state="session",
            )

    def _buttons(self) -> None:
        play_button(self._play)
        st.button(
            "Stop",
            icon=":material/stop:",
            key=f"{self._slug}_stop",
            disabled=not self._running,
            on_click=self._stop,
        )
        if any(lane.saver for lane in self._pattern.lanes):
            action_button(
                "Simulate a restart",
                icon=":material/restart_alt:",
                key=f"{self._slug}_restart",
                disabled=bool(self._running) or not self._threads,
                help="Drops each lane's checkpointer with its compiled graph and makes both anew, as a restart of the "
                "program does. Nothing is deleted: what a lane finds afterwards was kept outside this process.",
                errors=self._errors,
                on_click=self._restart,
            )
        st.button(
            "New thread",
            icon=":material/add:",
            key=f"{self._slug}_new",
            disabled=not self._threads,
            help="Clears the lanes. The threads that they showed stay in the list of threads.",
            on_click=self._new,
        )

    def _start(self, key: str) -> None:
        how: RunOptions = {**run_options(), "breakpoints": self.pauses()}
        started = start_lanes(self._workspace, self._pattern, self._given(key), **how)
        look_at(None)
        show_thread(self._pattern, started[0].thread_id)
        bring_into_view(SCREEN)

    def _turn(self, key: str) -> None:
        given = self._given(key)
        # A lane that remembers may refuse; then the others mustn't have had the turn already.
        for thread in sorted(self._threads, key=lambda thread: not self._remembers(thread)):
            self._workspace.turn(thread.thread_id, given, **run_options())
        look_at(None)

    def _remembers(self, thread: Thread) -> bool:
        return self._pattern.lane(thread.lane).remembers

    def _stop(self) -> None:
        end_play(self._pattern)
        for thread in self._running:
            # One that was deleted meanwhile has nothing left to stop.
            with suppress(UnknownThread):
                self._workspace.stop(thread.thread_id)

    def _restart(self) -> None:
        look_at(None)
        for thread in self._threads:
            self._workspace.restart(thread.thread_id)

    def _new(self) -> None:
        self._errors.clear()
        forget_thread(self._pattern)
