"""The line that tells what a play does next, its buttons, and the loop that does it in time."""

import math
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import streamlit as st

from graphs.pattern import Comparison, Edit, Go, Recover, Reply, Restart, Step, Turn, WayBack
from lab.workspace import NextStep
from ui.common import ActionErrors, action_button, literal, uninterrupted
from ui.lanes import in_one_press, who_acts
from ui.pattern_page.play import Play
from ui.pattern_page.play_state import end_play, read_play

RING = "outline:var(--press-ring);outline-offset:2px;animation:var(--press-pulse)"
WORDS = 'content:"· pressed next";font-size:0.75rem;margin-inline-start:0.4rem;white-space:nowrap'
"""How the button looks that's pressed next."""
LOOKS = 0.5
"""Seconds between two looks at what another process, or a thread that isn't on show, does meanwhile."""


def play_button(play: Play) -> None:
    """Draw the button that lets the chosen example play itself."""
    action_button(
        "Play",
        icon=":material/smart_display:",
        key=f"{play.pattern.slug}_play",
        disabled=play.going_on,
        help="Runs the chosen example and does its recorded steps, each shown before it's done. You can pause it or "
        "take over at any time.",
        errors=_errors(play),
        on_click=play.begin,
    )


def _errors(play: Play) -> ActionErrors:
    return ActionErrors(f"{play.pattern.slug}_play")


def draw_play_bar(play: Play) -> Callable[..., Callable[[], None] | None]:
    """Draw what comes next and the buttons of a play; return what gives the loop its part in it."""
    _errors(play).draw()
    clock: Any = None
    if play.going_on or play.over:
        with st.container(key="play_bar", horizontal=True, vertical_alignment="center", gap="small"):
            # Read aloud when it changes; the seconds beside it are not, which change all the time.
            st.markdown(
                f'<div role="status" aria-live="polite">\n\n{_words(play)}\n\n</div>{_marks(play)}',
                unsafe_allow_html=True,
            )
            clock = st.empty()
            _buttons(play)
    return partial(_loop_part, play, clock)


def _words(play: Play) -> str:
    """Say, as Markdown, what comes next, or why nothing does."""
    if play.over:
        return f":material/flag: {literal(play.over, 600)}"
    if not play.next:
        return ":material/smart_display: Playing: what comes next shows as soon as a lane rests."
    lane = play.pattern.lane(play.next[0].lane)
    several = len(play.pattern.lanes) > 1
    where = "" if not several else " in all lanes" if len(play.next) > 1 else f" in *{literal(lane.title)}*"
    icon = ":material/pause:" if play.paused else ":material/smart_display:"
    begins = "Paused. Next" if play.paused else "Next"
    steps = play.next[0].steps
    return f"{icon} {begins}{where}{_part(steps[0])}: {in_one_press(play.pattern, lane, steps)}"


def _part(step: Step) -> str:
    who = who_acts(step)
    return f", as {who}" if who else ""


def _marks(play: Play) -> str:
    """Return the style element that marks the buttons which the step on show presses."""
    names = [f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}" for step in play.next for key in _keys(play, step)]
    # How a mark looks stands with the other rules, which can't know the keys.
    ring = ",".join(f"{name} button" for name in names)
    words = ",".join(f"{name} button::after" for name in names)
    return f"<style>{ring}{{{RING}}}{words}{{{WORDS}}}</style>" if names else ""


def _keys(play: Play, step: NextStep) -> Iterator[str]:
    """Give the keys of the buttons by which a person would do a step; not all of them are drawn."""
    slug = play.pattern.slug
    lane = f"{slug}_{step.lane}"
    match step.steps[-1]:
        case Reply():
            yield f"{lane}_send_all" if len(step.questions) > 1 else f"{lane}_{step.questions[0]}_send"
        case Edit() | Go() | Recover():
            yield from (f"{lane}_{name}" for name in ("continue", "again", "anew", "unbegun"))
        case WayBack():
            yield f"{lane}_back"
        case Turn() | Comparison():
            yield f"{slug}_run"
        case Restart():
            yield f"{slug}_restart"


def _buttons(play: Play) -> None:
    slug, errors = play.pattern.slug, _errors(play)
    if play.over:
        action_button(
            "Close",
            type="tertiary",
            icon=":material/close:",
            key=f"{slug}_play_close",
            errors=errors,
            on_click=end_play,
            args=(play.pattern,),
        )
        return
    action_button(
        "Resume play" if play.paused else "Pause",
        type="tertiary",
        icon=":material/play_arrow:" if play.paused else ":material/pause:",
        key=f"{slug}_play_pause",
        errors=errors,
        on_click=play.pause,
    )
    action_button(
        "Next",
        type="tertiary",
        icon=":material/skip_next:",
        key=f"{slug}_play_next",
        disabled=not play.next or play.waits_for_deadline,
        help="Do what is shown now.",
        errors=errors,
        on_click=play.do_next,
    )
    action_button(
        "Take over",
        type="tertiary",
        icon=":material/pan_tool:",
        key=f"{slug}_play_off",
        help="End the play and go on by hand. What runs goes on.",
        errors=errors,
        on_click=end_play,
        args=(play.pattern,),
    )


def _loop_part(play: Play, clock: Any, *, follows: bool) -> Callable[[], None] | None:
    """Return what the page's loop calls again and again, None where there's nothing to do in it.

    A page that `follows` a run needs no look at threads at work: that run's end draws it anew.
    """
    waits = play.paused and bool(play.next)
    if not play.going_on or waits or (follows and not play.next):
        return None
    return _in_time(play, clock) if play.next else _at_rest(play)


def _in_time(play: Play, clock: Any) -> Callable[[], None]:
    """Return what counts the seconds down and then does the step on show."""
    drawn = 0

    def tick() -> None:
        nonlocal drawn
        # This script ends here where a press has come by now: it's a look at the session.
        left = math.ceil(play.seconds_left) if read_play(play.pattern) else 0
        if left and left != drawn:
            drawn = left
            clock.caption(f"in {left} s", width="content")
        if not left:
            with uninterrupted():
                if not play.moved:
                    play.do_next()
            st.rerun()

    return tick


def _at_rest(play: Play) -> Callable[[], None]:
    """Return what draws the page anew once something rests that another process, or a thread not on show, works on."""
    looked = time.monotonic()

    def tick() -> None:
        nonlocal looked
        if time.monotonic() - looked > LOOKS and read_play(play.pattern):
            looked = time.monotonic()
            if play.rests:
                st.rerun()

    return tick
