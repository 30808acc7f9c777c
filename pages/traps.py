"""The page Traps: every mistake that the catalogue shows on purpose, beside its cure, and what it costs in figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from graphs.pattern import Lane, Pattern
from lab.errors import LabError, TooManyRuns
from lab.threads import Thread
from lab.workspace import TrapRun
from pages.gallery import PAGES
from ui.common import ActionErrors, action_button, counted, literal, login_configured, run_options, workspace

WITHOUT_CURE = "traps_without_cure"
"""The traps that were begun and whose cure wasn't yet; in the session of the tab, and so are the next two."""
SESSIONS = "trap_sessions"
"""The sessions in which this tab has run traps, by trap."""
QUEUE = "trap_queue"
"""The traps that aren't at their end, one at work and the rest behind it: a workspace may have few runs at a time."""
EVERY = 0.5
"""Seconds between two looks at what runs."""
TRAPS = {f"{pattern.slug}_{lane.key}": (pattern, lane) for pattern in CATALOGUE for lane in pattern.lanes if lane.trap}


def render() -> None:
    """Draw each trap with its cure, the button that runs both, and what came of its last run."""
    st.title("Traps", anchor=False)
    st.markdown(
        "Mistakes that are easy to make with LangGraph, each beside its cure. A run takes both through the same "
        "example at once, with the answers that a person would give, and counts what the mistake costs."
    )
    visitor = workspace()
    runs = {name: TrapRun(visitor, pattern, lane) for name, (pattern, lane) in TRAPS.items()}
    errors = ActionErrors("traps")
    with st.container(horizontal=True, vertical_alignment="center", key="traps_top"):
        action_button(
            "Run all", icon=":material/play_arrow:", key="traps_run", errors=errors, on_click=_line_up, args=(runs,)
        )
        st.caption(f"{counted(len(runs), 'trap')} · each run leaves its threads in the list of threads")
    errors.draw()
    in_line = _go_on(runs)
    for name, (pattern, lane) in TRAPS.items():
        _draw(name, pattern, lane, runs[name], unfinished=name in in_line)
    for pattern in CATALOGUE:
        if pattern.untried_trap:
            _draw_untried(pattern)
    if in_line:
        _look_again(runs, in_line)


def _sessions() -> dict[str, str]:
    sessions: dict[str, str] = st.session_state.setdefault(SESSIONS, {})
    return sessions


def _queue() -> list[str]:
    queue: list[str] = st.session_state.setdefault(QUEUE, [])
    return queue


def _without_cure() -> set[str]:
    names: set[str] = st.session_state.setdefault(WITHOUT_CURE, set())
    return names


def _options() -> Any:
    return {**run_options(), "pace": 0}


def _line_up(names: Iterable[str]) -> None:
    """Have traps run one after the other; those that ran before run anew."""
    for name in names:
        _sessions().pop(name, None)
        if name not in _queue():
            _queue().append(name)


def _go_on(runs: Mapping[str, TrapRun]) -> list[str]:
    """Do the next steps of the trap whose turn it is, begin the next one at its end, and return who is in line still.

    What is at its end is left alone: each look at a trap reads both of its threads.
    """
    queue = _queue()
    if queue and queue[0] in _sessions() and not _does_more(queue[0], runs[queue[0]]):
        queue.pop(0)
    if queue and queue[0] not in _sessions():
        _begin(queue[0], runs[queue[0]])
    return list(queue)


def _begin(name: str, run: TrapRun) -> None:
    """Begin what is next in line; what finds no room among the workspace's runs stays there and is tried again."""
    try:
        _sessions()[name] = run.start(**_options())
        _without_cure().add(name)
    except TooManyRuns:
        pass
    except LabError as error:
        _queue().remove(name)
        _errors(name).store(error)


def _does_more(name: str, run: TrapRun) -> bool:
    """Do the next steps of a trap and its cure; True while there is more to come."""
    session = _sessions()[name]
    try:
        if name in _without_cure() and run.threads(session):
            run.start_cure(session, **_options())
            _without_cure().remove(name)
        # Who has signed in acts as nobody else.
        return run.go_on(session, named=not login_configured(), **_options())
    except TooManyRuns:
        return True
    except LabError as error:
        _without_cure().discard(name)
        _errors(name).store(error)
        return False


def _errors(name: str) -> ActionErrors:
    return ActionErrors(f"trap_{name}")


@st.fragment(run_every=EVERY)
def _look_again(runs: Mapping[str, TrapRun], in_line: list[str]) -> None:
    """Go on with what runs, and draw the page anew as soon as some of it has come to its end."""
    if _go_on(runs) != in_line:
        st.rerun()


def _draw(name: str, pattern: Pattern, trap: Lane, run: TrapRun, *, unfinished: bool) -> None:
    """Draw one trap beside its cure."""
    errors = _errors(name)
    session = _sessions().get(name, "")
    # A run of which a thread was deleted since counts as none.
    threads = run.threads(session) if session else ()
    threads = threads if len(threads) == 2 or name in _without_cure() else ()
    with st.container(border=True, key=f"trap_{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{pattern.title}: {trap.title}", anchor=False, width="stretch")
            if unfinished and not session:
                st.badge("Next in line", icon=":material/hourglass_empty:", color="gray")
            elif unfinished:
                st.badge("Running", icon=":material/play_circle:", color="blue")
            st.page_link(
                PAGES[pattern.slug],
                label="Open this run" if threads else "Open the pattern",
                icon=":material/arrow_forward:",
                query_params={"thread": threads[0].thread_id} if threads else {},
            )
            action_button(
                "Run both",
                icon=":material/play_arrow:",
                key=f"trap_{name}_run",
                errors=errors,
                on_click=_line_up,
                args=([name],),
                disabled=unfinished,
            )
        errors.draw()
        _side_by_side(run, session, () if unfinished else threads)


def _side_by_side(run: TrapRun, session: str, threads: Sequence[Thread]) -> None:
    """Draw what goes wrong and what cures it, and below both the figures of threads that are at their end."""
    wrong, cure = st.columns(2, gap="medium")
    wrong.markdown(f":material/warning: **What goes wrong.** {run.trap.trap}")
    cure.markdown(f":material/healing: **Cure: {run.cure.title}.** {run.cure.differs}")
    counts = run.counts(session) if threads else {}
    if not counts:
        return
    for column, thread in zip(st.columns(2, gap="medium"), threads, strict=True):
        with column:
            if thread.lane in counts:
                st.metric(run.harm.counts, f"{counts[thread.lane]:,}")
            st.markdown(f":material/flag: {literal(workspace().history.outcome(thread.thread_id))}")


def _draw_untried(pattern: Pattern) -> None:
    """Draw a mistake that is told and never run."""
    with st.container(border=True, key=f"trap_{pattern.slug}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{pattern.title}: not run", anchor=False, width="stretch")
            st.page_link(PAGES[pattern.slug], label="Open the pattern", icon=":material/arrow_forward:")
        st.markdown(f":material/warning: **What goes wrong.** {pattern.untried_trap}")
