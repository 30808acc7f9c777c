"""A thread's menu in the list of threads, and one dialog for each of its actions."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

import streamlit as st

from lab.errors import LabError
from lab.threads import TITLE, Pruned, Thread
from lab.workspace import Workspace
from ui.common import counted, draw_refusal, forget_deleted, literal
from ui.threads.dialog_frame import (
    LIST_ERRORS,
    RECORD,
    act_once,
    close_dialog,
    dialog,
    draw_confirmation,
    join_words,
    name_threads,
    open_action,
    open_dialog,
    say,
)
from ui.threads.group_dialogs import delete_together, draw_file, export_together, name_losses
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


def actions_of(*, saved: bool, known: bool) -> Sequence[str]:
    """Return what can be done with a thread, by whether it has checkpoints and whether its lane is there."""
    return (list(ACTIONS) if known else OF_UNKNOWN) if saved else OF_NOTHING


def draw_thread_menu(thread: Thread, *, saved: bool, known: bool) -> None:
    """Draw the menu of a thread."""
    key = f"actions_{thread.thread_id}"
    st.menu_button(
        "Actions",
        actions_of(saved=saved, known=known),
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


def draw_dialog(visitor: Workspace, draw_comparison: Callable[[Workspace, Sequence[Thread]], None]) -> None:
    """Draw the open dialog, if any; `draw_comparison` fills in the one that compares threads."""
    action, thread_ids = open_action()
    if action == "import":
        _import(visitor)
    elif action:
        threads = _find(visitor, thread_ids)
        if action == "compare":
            _compare(visitor, threads, draw_comparison)
        elif len(thread_ids) > 1:
            _OF_SEVERAL[action](visitor, threads)
        else:
            _DIALOGS[action](visitor, threads[0])


def _find(visitor: Workspace, thread_ids: Sequence[str]) -> list[Thread]:
    """Return those of the threads that are still there; where none is, close the dialog and say so."""
    threads = []
    for thread_id in thread_ids:
        try:
            threads.append(visitor.threads.find(thread_id))
        except LabError as error:
            LIST_ERRORS.store(error)
    if not threads:
        close_dialog()
        st.rerun()
    LIST_ERRORS.clear()
    return threads


@dialog("Compare threads", width="large")
def _compare(
    visitor: Workspace, threads: Sequence[Thread], draw: Callable[[Workspace, Sequence[Thread]], None]
) -> None:
    draw(visitor, threads)


@dialog("Rename the thread")
def _rename(visitor: Workspace, thread: Thread) -> None:
    def rename() -> None:
        visitor.threads.rename(thread.thread_id, title)
        say(f"Renamed to **{literal(title, TITLE)}**.")

    title, sent = _title("rename", thread.title)
    if sent:
        act_once("Renaming", rename)


@dialog("Copy the thread")
def _copy(visitor: Workspace, thread: Thread) -> None:
    def copy() -> None:
        copied = visitor.threads.copy(thread.thread_id, title)
        say(f"Copied to **{literal(copied.title, TITLE)}**.", copied.thread_id)

    st.markdown(
        "The copy has all branches and goes on by itself. What was booked or sent stays with the original alone."
    )
    title, sent = _title("copy", f"{thread.title} (copy)"[-TITLE:])
    if sent:
        act_once("Copying", copy)


def _title(action: str, title: str) -> tuple[str, bool]:
    """Ask for a title; return it and whether it's sent."""
    with st.form(key=f"{action}_form", border=False):
        given = st.text_input("Title", value=title, key=f"{action}_title")
        return given, st.form_submit_button(action.capitalize(), type="primary", key=f"{action}_do")


@dialog("Export the thread")
def _export(visitor: Workspace, thread: Thread) -> None:
    _name(thread)
    st.markdown(
        "One file with every branch and every state, as plain as they are: whoever has the file can read them. "
        "What was booked or sent isn't in it. Import takes it in again, here or in another lab."
    )
    draw_file(visitor, [thread], "export", "Download the file")


@dialog("Delete the thread?")
def _delete(visitor: Workspace, thread: Thread) -> None:
    def delete() -> None:
        visitor.threads.delete(thread.thread_id)
        forget_deleted(thread)
        say(f"Deleted **{literal(thread.title, TITLE)}**.")

    _name(thread)
    losses = join_words(name_losses(visitor, [thread]))
    lost = f"it with {losses}" if losses else "it; nothing else was saved of it"
    st.markdown(f"This deletes {lost}. It can't be undone. {RECORD}")
    if visitor.threads.branch_heads(thread.thread_id):
        draw_file(visitor, [thread], "delete", "Keep a file of it")
    if draw_confirmation("delete", "Delete the thread"):
        act_once("Deleting", delete)


@dialog("Prune branches", width="medium")
def _prune(visitor: Workspace, thread: Thread) -> None:
    _name(thread)
    chosen = choose_branches(visitor, thread)
    if chosen is None:
        return

    def prune() -> None:
        pruned = _pruned(visitor, thread, chosen)
        gone = f"{counted(pruned.branches, 'branch', 'branches')} and {counted(pruned.checkpoints, 'checkpoint')}"
        say(f"Pruned **{literal(thread.title, TITLE)}**: {gone} deleted.")

    gone = counted(chosen.branches, "branch", "branches") if chosen.branches else "branches"
    if draw_confirmation("prune", f"Delete {gone}", able=chosen.possible):
        act_once("Pruning", prune)


def _pruned(visitor: Workspace, thread: Thread, chosen: PruneChoice) -> Pruned:
    if chosen.newest:
        return visitor.threads.keep_newest(thread.thread_id, chosen.newest)
    return visitor.threads.prune(thread.thread_id, chosen.leaves)


@dialog("Import threads")
def _import(visitor: Workspace) -> None:
    st.markdown(
        "Takes in a file that an export wrote, of one thread or of several. All of it is checked before anything is "
        "saved, and what it makes is yours alone."
    )
    with st.form(key="import_form", border=False):
        file = st.file_uploader("Exported file", key="import_file")
        sent = st.form_submit_button("Import", type="primary", key="import_do")
    if sent and file is None:
        draw_refusal("No file was chosen. Choose one that an export wrote.")
    if sent and file is not None:
        act_once("Checking the file", lambda: _take_in(visitor, file))


def _take_in(visitor: Workspace, file: BinaryIO) -> None:
    threads = [_with_own_title(visitor, thread) for thread in visitor.threads.import_file(file)]
    made = threads[0].thread_id if len(threads) == 1 else ""
    say(f"Imported {name_threads(threads)}.", made)


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


_OF_SEVERAL: dict[str, Callable[[Workspace, Sequence[Thread]], None]] = {
    "export": export_together,
    "delete": delete_together,
}
_DIALOGS: dict[str, Callable[[Workspace, Thread], None]] = {
    "rename": _rename,
    "copy": _copy,
    "export": _export,
    "prune": _prune,
    "delete": _delete,
}
