"""The page Inbox: all that waits for a person, most urgent first, and the card of the question that is chosen."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal
from zlib import crc32

import streamlit as st

from graphs.pattern import Breakpoints
from lab.database import WaitingQuestion
from lab.errors import UnknownThread
from lab.threads import TITLE
from lab.workspace import InboxPage, Workspace
from pages.gallery import PAGES
from pages.listing import page_number, pattern_filter, show_first_page
from pages.thread_rows import TITLES
from ui.common import LANES, clock_times, counted, is_known, literal, the_lab, workspace, zone_name
from ui.graph import graph_shape
from ui.lanes import BADGES, LanePane, draw_card, watch_others

SHOWN = 10
"""Questions of one page."""
LONG = 110
"""Characters of a question in the list; its card has all of it."""
CHOICE, ON_SHOW = "inbox_question", "inbox_on_show"
"""The question that is chosen in the list, and the one whose card is drawn with the place that it had in the list. That
one stays where it's answered, with what came of it, until another one is chosen."""


def render() -> None:
    """Draw what waits in this workspace, and the card of one of its questions."""
    visitor = workspace()
    with st.container(horizontal=True, vertical_alignment="center", key="inbox_head"):
        st.title("Inbox", anchor=False, width="stretch")
        st.page_link(PAGES["decisions"], label="What was decided", icon=":material/fact_check:")
    st.markdown("What waits for a person, over all threads and patterns. The most urgent comes first.")
    # Read before anything is drawn of it, so that what changes meanwhile is seen by the next look.
    listed = _listed(visitor)
    threads: Sequence[str] = ()
    stood: object = visitor.history.stamp(threads)
    if visitor.inbox.count() or ON_SHOW in st.session_state:
        threads, stood = _waiting(visitor)
    else:
        _nothing()
    watch_others(partial(_look, visitor, threads), (listed, stood))


def _look(visitor: Workspace, thread_ids: Sequence[str]) -> object:
    """Return what changes with all that the page shows."""
    return _listed(visitor), visitor.history.stamp(thread_ids)


def _listed(visitor: Workspace) -> object:
    page = visitor.inbox.page(limit=SHOWN)
    return page.total, [_name(question) for question in page.questions]


def _name(question: WaitingQuestion) -> str:
    return f"{question.thread_id}/{question.interrupt_id}"


def _nothing() -> None:
    """Draw how something comes to wait here."""
    st.info(
        "Nothing waits for a person. Run a pattern that asks one, such as the approval gate, and its question "
        "appears here.",
        icon=":material/inbox:",
    )
    st.page_link(PAGES["approval-gate"], label="Open the approval gate", icon=":material/arrow_forward:")


def _waiting(visitor: Workspace) -> tuple[Sequence[str], object]:
    """Draw the filters, the list and the card, and return the card's thread and how it stood before it was drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="inbox_filters"):
        pattern = pattern_filter("inbox", width=260)
        role, priority = (_filter(visitor, name) for name in ("role", "priority"))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        rows, below = st.container(), st.container()
        total = visitor.inbox.page(pattern=pattern, role=role, priority=priority, limit=0).total
        wanted = st.session_state.get("inbox_page", 1)
        with below:
            number = page_number("inbox", -(-total // SHOWN))
            st.caption(f"{counted(total, 'question')} · times in {literal(zone_name())}")
        offset = (number - 1) * SHOWN
        page = visitor.inbox.page(pattern=pattern, role=role, priority=priority, limit=SHOWN, offset=offset)
        _stay_on_show(wanted, number, len(page.questions))
        place, chosen = _choose(page.questions, (pattern, role, priority), number)
        with rows:
            _list(page.questions, visitor)
    threads = [chosen.thread_id] if chosen else []
    stood: object = visitor.history.stamp(threads)
    with right:
        if chosen is None:
            st.info("Nothing waits that fits these filters. Choose others.", icon=":material/filter_alt_off:")
        else:
            _steps(page, number, place, chosen)
            _card(visitor, chosen)
    return threads, stood


def _filter(visitor: Workspace, name: Literal["role", "priority"]) -> str | None:
    """Draw the filter by what the questions say themselves, and return what it leaves."""
    key = f"inbox_{name}"
    values = ["", *visitor.inbox.values(name)]
    # Whoever answers the last question of a role still looks at what fits it.
    if (picked := st.session_state.get(key)) and picked not in values:
        values.append(picked)
    chosen = st.selectbox(
        name.capitalize(),
        values,
        format_func=lambda value: literal(value, 60) or "All",
        key=key,
        bind="query-params",
        on_change=show_first_page,
        args=("inbox",),
        width=160,
    )
    return chosen or None


def _stay_on_show(wanted: int, number: int, questions: int) -> None:
    """Let what is on show stay where its page is gone, which nobody has turned: the last one took its place."""
    before = st.session_state.get(ON_SHOW)
    if before is not None and number < wanted == before[0][1]:
        st.session_state[ON_SHOW] = ((before[0][0], number), questions, before[2])


def _choose(
    questions: Sequence[WaitingQuestion], filters: tuple[str | None, ...], number: int
) -> tuple[int, WaitingQuestion | None]:
    """Return the question to show and its place in the list, or the place that it had there before it was answered."""
    listed = (filters, number)
    names = [_name(question) for question in questions]
    before = st.session_state.get(ON_SHOW)
    picked = st.session_state.get(CHOICE)
    if before is not None and before[0] != listed:
        before = None
    if picked not in names:
        # Its thread may have asked again, or have been asked for several answers.
        same = [name for name in names if before is not None and name.startswith(f"{before[2].thread_id}/")]
        picked = same[0] if same else None if before is not None else next(iter(names), None)
        st.session_state[CHOICE] = picked
    if picked is not None:
        before = (listed, names.index(picked), questions[names.index(picked)])
    if before is None:
        st.session_state.pop(ON_SHOW, None)
        return 0, None
    st.session_state[ON_SHOW] = before
    return before[1], before[2]


def _list(questions: Sequence[WaitingQuestion], visitor: Workspace) -> None:
    """Draw the questions as a list in which the arrow keys choose."""
    by_name = {_name(question): question for question in questions}
    if by_name:
        st.radio(
            "Waiting questions",
            list(by_name),
            index=None,
            format_func=lambda name: literal(by_name[name].text, LONG) + _unseen(name),
            captions=[" · ".join(_about(question)) for question in questions],
            key=CHOICE,
            label_visibility="collapsed",
        )


def _unseen(name: str) -> str:
    """Return a mark of a question that nobody sees: a browser tells options by their texts, which may be the same."""
    return format(crc32(name.encode()), "032b").translate({ord("0"): "\u2060", ord("1"): "\u200b"})


def _about(question: WaitingQuestion) -> Iterator[str]:
    if question.priority:
        yield f"**{literal(question.priority.capitalize(), 30)} priority**"
    if question.role:
        yield f"for {literal(question.role, 40)}"
    if question.deadline:
        by = clock_times([question.due], "minutes")[0] if question.due is not None else question.deadline
        yield f"by {literal(by, 40)}"
    yield literal(TITLES.get(question.pattern, question.pattern), 60)
    (since,) = clock_times([question.asked], "minutes")
    yield f"since {since}"


def _steps(page: InboxPage, number: int, place: int, chosen: WaitingQuestion) -> None:
    """Draw the buttons to the questions before and after; where the one on show is gone, the next took its place."""
    questions = page.questions
    waits = any(_name(question) == _name(chosen) for question in questions)
    after = place + 1 if waits else min(place, len(questions) - 1)
    further = after == len(questions) and number * SHOWN < page.total
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="inbox_steps"):
        _title(chosen)
        for label, shortcut, at, icon in (
            ("Previous", "Alt+Up", place - 1, ":material/keyboard_arrow_up:"),
            ("Next", "Alt+Down", after, ":material/keyboard_arrow_down:"),
        ):
            there = 0 <= at < len(questions)
            turns = further and at == after
            st.button(
                label,
                icon=icon,
                type="tertiary",
                shortcut=shortcut,
                disabled=not (there or turns),
                key=f"inbox_{label.lower()}",
                on_click=_go_to,
                args=(_name(questions[at]) if there else None, number + turns),
            )


def _go_to(name: str | None, number: int) -> None:
    """Show another question of the list's page of that number; None is for the first one of another page."""
    st.session_state["inbox_page"] = number
    if name is not None:
        st.session_state[CHOICE] = name


def _title(question: WaitingQuestion) -> None:
    lane = LANES.get((question.pattern, question.lane), question.lane)
    pattern = TITLES.get(question.pattern, question.pattern)
    st.markdown(f"**{literal(pattern, 60)}** · {literal(lane, 60)}", width="stretch")


def _card(visitor: Workspace, question: WaitingQuestion) -> None:
    """Draw how the question's thread stands, what it asks for, and the way to its page."""
    try:
        thread = visitor.threads.find(question.thread_id)
    except UnknownThread:
        st.info("This thread was deleted. Choose another question.", icon=":material/delete:")
        return
    if not is_known(thread):
        st.info(
            "This version doesn't know the pattern of this thread, so nothing of it can be answered.",
            icon=":material/question_mark:",
        )
        return
    pattern = the_lab().graphs.pattern(thread.pattern)
    lane = pattern.lane(thread.lane)
    view = visitor.view(thread.thread_id)
    key = f"inbox_{pattern.slug}_{lane.key}"
    pane = LanePane(visitor, lane, thread, view, graph_shape(pattern.slug, lane.key), key)
    label, icon, color = BADGES[pane.outcome]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="inbox_thread"):
        st.badge(label, icon=icon, color=color)
        address: dict[str, Any] = {"thread": thread.thread_id, "lane": thread.lane}
        title = literal(thread.title, TITLE)
        st.page_link(PAGES[pattern.slug], label=title, icon=":material/arrow_forward:", query_params=address)
    pane.draw_foot(lambda drawn: draw_card(drawn, pattern, visitor, Breakpoints))
