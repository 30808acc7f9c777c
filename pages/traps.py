"""The page Traps: every mistake that the catalogue shows on purpose, beside its cure, and what it costs in figures."""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from graphs.catalogue import CATALOGUE
from graphs.pattern import Lane, Pattern
from lab.errors import LabError, TooManyRuns
from lab.workspace import TrapRun
from pages.gallery import PAGES
from ui.common import ActionErrors, action_button, counted, literal, login_configured, run_options, workspace

WITHOUT_CURE = "traps_without_cure"
"""The traps that were begun and whose cure wasn't yet; in the session of the tab, and so are the next two."""
SESSIONS = "trap_sessions"
"""The sessions in which this tab has run traps, by trap."""
QUEUE = "trap_queue"
"""The traps that wait until those before them have ended: a workspace may have a few runs at a time only."""
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
    unfinished = _go_on(runs)
    for name, (pattern, lane) in TRAPS.items():
        _draw(name, pattern, lane, runs[name], unfinished=name in unfinished)
    for pattern in CATALOGUE:
        if pattern.untried_trap:
            _draw_untried(pattern)
    if unfinished:
        _look_again(runs, unfinished)


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


def _go_on(runs: Mapping[str, TrapRun]) -> set[str]:
    """Do the next steps of what was begun, begin what is next in line, and return what isn't at its end."""
    begun = [name for name, session in _sessions().items() if name in runs and runs[name].threads(session)]
    unfinished = {name for name in begun if _does_more(name, runs[name])}
    if _queue() and not unfinished and _begin(_queue()[0], runs[_queue()[0]]):
        unfinished.add(_queue().pop(0))
    return unfinished | set(_queue())


def _begin(name: str, run: TrapRun) -> bool:
    """Begin what is next in line; what finds no room among the workspace's runs stays there and is tried again."""
    try:
        _sessions()[name] = run.start(**_options())
    except TooManyRuns:
        return False
    except LabError as error:
        _queue().remove(name)
        _errors(name).store(error)
        return False
    _without_cure().add(name)
    return True


def _does_more(name: str, run: TrapRun) -> bool:
    """Do the next steps of a trap and its cure; True while there is more to come."""
    session = _sessions()[name]
    try:
        if name in _without_cure():
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
def _look_again(runs: Mapping[str, TrapRun], unfinished: set[str]) -> None:
    """Go on with what runs, and draw the page anew as soon as some of it has come to its end."""
    if _go_on(runs) != unfinished:
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
            if name in _queue():
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
        _side_by_side(run, session if threads and not unfinished else "")


def _side_by_side(run: TrapRun, session: str) -> None:
    """Draw what goes wrong and what cures it, and below both the figures of a session that is at its end."""
    wrong, cure = st.columns(2, gap="medium")
    wrong.markdown(f":material/warning: **What goes wrong.** {run.trap.trap}")
    cure.markdown(f":material/healing: **Cure: {run.cure.title}.** {run.cure.differs}")
    counts = run.counts(session) if session else {}
    if not counts:
        return
    for column, lane in zip(st.columns(2, gap="medium"), (run.trap, run.cure), strict=True):
        with column:
            if lane.key in counts:
                st.metric(run.harm.counts, f"{counts[lane.key]:,}")
            st.markdown(f":material/flag: {literal(_outcome(run, session, lane))}")


def _outcome(run: TrapRun, session: str, lane: Lane) -> str:
    thread = next(thread for thread in run.threads(session) if thread.lane == lane.key)
    return workspace().history.outcome(thread.thread_id)


def _draw_untried(pattern: Pattern) -> None:
    """Draw a mistake that is told and never run."""
    with st.container(border=True, key=f"trap_{pattern.slug}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{pattern.title}: not run", anchor=False, width="stretch")
            st.page_link(PAGES[pattern.slug], label="Open the pattern", icon=":material/arrow_forward:")
        st.markdown(f":material/warning: **What goes wrong.** {pattern.untried_trap}")
