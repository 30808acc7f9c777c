"""A thread's menu in the list of threads, and one dialog for each of its actions."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, BinaryIO

import streamlit as st

from lab.errors import LabError
from lab.threads import TITLE, Pruned, Thread
from lab.workspace import Workspace
from ui.common import (
    ActionErrors,
    counted,
    draw_refusal,
    forget_deleted,
    literal,
    refusal_drawn,
    sized,
    uninterrupted,
)
from ui.threads.prune_form import PruneChoice, choose_branches

ACTIONS = {
    "rename": ":material/edit: Rename",
    "copy": ":material/content_copy: Copy",
    "export": ":material/download: Export",
    "prune": ":material/content_cut: Prune branches",
    "delete": ":material/delete: Delete",
}
OF_NOTHING = ("rename", "delete")
"""What can be done with a thread of which nothing is saved."""
OF_UNKNOWN = ("rename", "copy", "delete")
"""What can be done with a thread of a pattern that this version doesn't have."""

BOOKED = {
    "ledger": ("booking of the ledger", "bookings of the ledger"),
    "outbox": ("mail of the outbox", "mails of the outbox"),
    "archive": ("document of the archive", "documents of the archive"),
}
"""What a thread did outside its state, by table, in the singular and the plural."""

AT_ONCE = 2_000_000
"""Bytes of a thread whose file is written without being asked for."""

_OPEN = "threads_open"
_NOTICE = "threads_notice"

LIST_ERRORS = ActionErrors("threads")
"""Why the last action of the list, without a dialog, was refused."""


def draw_thread_menu(thread: Thread, *, saved: bool, known: bool) -> None:
    """Draw the menu of a row; `saved` is whether the thread has checkpoints, `known` whether its lane is there."""
    key = f"actions_{thread.thread_id}"
    st.menu_button(
        "Actions",
        (list(ACTIONS) if known else OF_UNKNOWN) if saved else OF_NOTHING,
        format_func=lambda action: ACTIONS[action],
        key=key,
        type="tertiary",
        on_click=_open_chosen,
        args=(key, thread.thread_id),
    )


def _open_chosen(key: str, thread_id: str) -> None:
    chosen = st.session_state.get(key)
    if chosen in ACTIONS:
        open_dialog(str(chosen), thread_id)


def open_dialog(action: str, thread_id: str = "") -> None:
    """Open a dialog with the page's next drawing."""
    st.session_state[_OPEN] = (action, thread_id)


def is_open() -> bool:
    """Tell whether a dialog is open."""
    return _OPEN in st.session_state


def close_dialog() -> None:
    """Leave the open dialog away from the page's next drawing."""
    st.session_state.pop(_OPEN, None)


def say(text: str, thread_id: str = "") -> None:
    """Store what the last action did for the page's next drawing; `text` is Markdown, the thread is linked."""
    st.session_state[_NOTICE] = (text, thread_id)


def draw_notice() -> str:
    """Draw once what the last action did, or why it was refused, and return the thread that it made."""
    text, thread_id = st.session_state.pop(_NOTICE, ("", ""))
    if text:
        st.success(text, icon=":material/check_circle:")
    LIST_ERRORS.draw()
    LIST_ERRORS.clear()
    return str(thread_id)


def draw_dialog(visitor: Workspace) -> None:
    """Draw the open dialog, if any."""
    action, thread_id = st.session_state.get(_OPEN, ("", ""))
    if action == "import":
        _import(visitor)
    elif action:
        try:
            thread = visitor.threads.find(thread_id)
        except LabError as error:
            close_dialog()
            LIST_ERRORS.store(error)
            st.rerun()
        _DIALOGS[action](visitor, thread)


def _dialog(title: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that draws a dialog with what it's refused for, and closes it once its action is done."""

    def decorate(draw: Callable[..., None]) -> Callable[..., None]:
        @st.dialog(title, on_dismiss=close_dialog, **options)
        @refusal_drawn()
        @wraps(draw)
        def drawn(*args: Any) -> None:
            if not is_open():
                st.rerun()
            draw(*args)

        return drawn

    return decorate


def _act(doing: str, act: Callable[[], tuple[str, str]]) -> None:
    """Do what the dialog is for, once however often its button is pressed, and close it.

    `act` returns what to say about it, and the thread that it made.
    """
    with st.spinner(doing):
        with uninterrupted():
            if is_open():
                say(*act())
                close_dialog()
        st.rerun()


@_dialog("Rename the thread")
def _rename(visitor: Workspace, thread: Thread) -> None:
    def rename() -> tuple[str, str]:
        visitor.threads.rename(thread.thread_id, title)
        return f"Renamed to **{literal(title, TITLE)}**.", ""

    title, sent = _title("rename", thread.title)
    if sent:
        _act("Renaming", rename)


@_dialog("Copy the thread")
def _copy(visitor: Workspace, thread: Thread) -> None:
    def copy() -> tuple[str, str]:
        copied = visitor.threads.copy(thread.thread_id, title)
        return f"Copied to **{literal(copied.title, TITLE)}**.", copied.thread_id

    st.markdown(
        "The copy has all branches and goes on by itself. What was booked or sent stays with the original alone."
    )
    title, sent = _title("copy", f"{thread.title} (copy)"[-TITLE:])
    if sent:
        _act("Copying", copy)


def _title(action: str, title: str) -> tuple[str, bool]:
    """Ask for a title; return it and whether it's sent."""
    with st.form(key=f"{action}_form", border=False):
        given = st.text_input("Title", value=title, key=f"{action}_title")
        return given, st.form_submit_button(action.capitalize(), type="primary", key=f"{action}_do")


@_dialog("Export the thread")
def _export(visitor: Workspace, thread: Thread) -> None:
    _name(thread)
    st.markdown(
        "One file with every branch and every state, as plain as they are: whoever has the file can read them. "
        "What was booked or sent isn't in it. Import takes it in again, here or in another lab."
    )
    _file(visitor, thread, "export", "Download the file")


def _file(visitor: Workspace, thread: Thread, key: str, label: str) -> None:
    """Offer the thread's file; that of a large thread is written when it's asked for."""
    size = visitor.threads.sizes([thread.thread_id])[thread.thread_id]
    if size.bytes > AT_ONCE and not st.button(
        f"Prepare the file of {counted(size.checkpoints, 'checkpoint')}", icon=":material/draft:", key=f"{key}_prepare"
    ):
        return
    data, left_out = b"", set[str]()
    with refusal_drawn(), st.spinner("Writing the file"):
        data = b"".join(visitor.threads.export(thread.thread_id, left_out))
    if left_out:
        draw_refusal(f"Not in the file: {'; '.join(sorted(left_out))}.")
    if data:
        st.download_button(
            f"{label} ({sized(len(data))})",
            data,
            file_name=f"{thread.pattern}-{thread.thread_id[:8]}.jsonl",
            mime="application/jsonl",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )


@_dialog("Delete the thread?")
def _delete(visitor: Workspace, thread: Thread) -> None:
    def delete() -> tuple[str, str]:
        visitor.threads.delete(thread.thread_id)
        forget_deleted(thread)
        return f"Deleted **{literal(thread.title, TITLE)}**.", ""

    _name(thread)
    lost = _lost(visitor, thread)
    st.markdown(f"This deletes {lost}. It can't be undone.")
    if visitor.threads.branch_heads(thread.thread_id):
        _file(visitor, thread, "delete", "Keep a file of it")
    if _sure("delete", "Delete the thread"):
        _act("Deleting", delete)


def _lost(visitor: Workspace, thread: Thread) -> str:
    size = visitor.threads.sizes([thread.thread_id])[thread.thread_id]
    losses = [f"{counted(size.checkpoints, 'checkpoint')} ({sized(size.bytes)})"] if size.checkpoints else []
    for table, (one, many) in BOOKED.items():
        rows = len(visitor.threads.business(table, [thread.thread_id]))
        losses += [counted(rows, one, many)] if rows else []
    return f"it with {_and(losses)}" if losses else "it; nothing else was saved of it"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


@_dialog("Prune branches", width="medium")
def _prune(visitor: Workspace, thread: Thread) -> None:
    _name(thread)
    chosen = choose_branches(visitor, thread)
    if chosen is None:
        return

    def prune() -> tuple[str, str]:
        pruned = _pruned(visitor, thread, chosen)
        gone = f"{counted(pruned.branches, 'branch', 'branches')} and {counted(pruned.checkpoints, 'checkpoint')}"
        return f"Pruned **{literal(thread.title, TITLE)}**: {gone} deleted.", ""

    gone = counted(chosen.branches, "branch", "branches") if chosen.branches else "branches"
    if _sure("prune", f"Delete {gone}", able=chosen.possible):
        _act("Pruning", prune)


def _pruned(visitor: Workspace, thread: Thread, chosen: PruneChoice) -> Pruned:
    if chosen.newest:
        return visitor.threads.keep_newest(thread.thread_id, chosen.newest)
    return visitor.threads.prune(thread.thread_id, chosen.leaves)


@_dialog("Import a thread")
def _import(visitor: Workspace) -> None:
    st.markdown(
        "Takes in a file that an export wrote. All of it is checked before anything is saved, and the thread that it "
        "makes is yours alone."
    )
    with st.form(key="import_form", border=False):
        file = st.file_uploader("Exported file", key="import_file")
        sent = st.form_submit_button("Import", type="primary", key="import_do")
    if sent and file is None:
        draw_refusal("No file was chosen. Choose one that an export wrote.")
    if sent and file is not None:
        _act("Checking the file", lambda: _taken_in(visitor, file))


def _taken_in(visitor: Workspace, file: BinaryIO) -> tuple[str, str]:
    threads = [_with_own_title(visitor, thread) for thread in visitor.threads.import_file(file)]
    made = threads[0].thread_id if len(threads) == 1 else ""
    return f"Imported {_and([f'**{literal(thread.title, TITLE)}**' for thread in threads])}.", made


def _with_own_title(visitor: Workspace, thread: Thread) -> Thread:
    """Name an imported thread so that no other one of its title could be taken for it."""
    alike = visitor.threads.page(text=thread.title, limit=0).total - 1
    if not alike or not thread.title:
        return thread
    ending = f" (imported {alike})" if alike > 1 else " (imported)"
    visitor.threads.rename(thread.thread_id, thread.title[: TITLE - len(ending)] + ending)
    return visitor.threads.find(thread.thread_id)


def _name(thread: Thread) -> None:
    st.markdown(f"**{literal(thread.title, TITLE)}**")


def _sure(key: str, label: str, *, able: bool = True) -> bool:
    """Draw the button that destroys and the one that doesn't; return whether the first was pressed."""
    with st.container(horizontal=True):
        sure = st.button(label, type="primary", icon=":material/delete:", disabled=not able, key=f"{key}_do")
        if st.button("Cancel", key=f"{key}_cancel"):
            close_dialog()
            st.rerun()
        return sure


_DIALOGS: dict[str, Callable[[Workspace, Thread], None]] = {
    "rename": _rename,
    "copy": _copy,
    "export": _export,
    "prune": _prune,
    "delete": _delete,
}
