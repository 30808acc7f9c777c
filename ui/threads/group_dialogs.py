"""The dialogs of several threads at once: export them to one file, or delete them."""

from collections.abc import Sequence

import streamlit as st

from lab.checkpoints import ThreadSize
from lab.errors import LabError, UnknownThread
from lab.threads import TITLE, Thread
from lab.workspace import Workspace
from ui.common import LANES, counted, draw_refusal, forget_deleted, literal, refusal_drawn, sized
from ui.threads.dialog_frame import RECORD, act_once, dialog, draw_confirmation, join_words, name_threads, say
from ui.threads.selection import deselect

BOOKED = {
    "ledger": ("booking of the ledger", "bookings of the ledger"),
    "outbox": ("mail of the outbox", "mails of the outbox"),
    "archive": ("document of the archive", "documents of the archive"),
    "records": ("change of a record", "changes of records"),
}
"""What threads did outside their state, by table, in the singular and the plural."""

AT_ONCE = 2_000_000
"""Bytes of threads whose file is written without being asked for."""
LISTED = 8
"""Lines of a list of threads from which on it scrolls."""


@dialog("Export the threads")
def export_together(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Draw the dialog that offers one file of several threads."""
    _draw_list(threads)
    st.markdown(
        f"One file of {counted(len(threads), 'thread')} with every branch and every state, as plain as they are: "
        "whoever has the file can read them. What was booked or sent isn't in it. Import takes all of them in again, "
        "here or in another lab."
    )
    draw_file(visitor, threads, "export", "Download the file")


@dialog("Delete the threads?")
def delete_together(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Draw the dialog that deletes several threads once that is confirmed."""
    _draw_list(threads)
    st.markdown(
        f"This deletes {counted(len(threads), 'thread')}{_with(visitor, threads)}. It can't be undone. {RECORD}"
    )
    saved = [thread for thread in threads if visitor.threads.branch_heads(thread.thread_id)]
    if saved:
        draw_file(visitor, saved, "delete", "Keep a file of them")
    if draw_confirmation("delete", f"Delete {counted(len(threads), 'thread')}"):
        act_once("Deleting", lambda: _delete(visitor, threads))


def _delete(visitor: Workspace, threads: Sequence[Thread]) -> None:
    """Delete each thread under its own claim, and say which ones are gone and why the others aren't."""
    deleted, refusals = list[Thread](), list[str]()
    for thread in threads:
        try:
            visitor.threads.delete(thread.thread_id)
            deleted.append(thread)
        except UnknownThread:
            # Somebody else has deleted it meanwhile, which is what was wanted.
            deleted.append(thread)
        except LabError as error:
            refusals.append(f"Not deleted: **{literal(thread.title, TITLE)}**. {literal(error, 1000)}")
    for thread in deleted:
        forget_deleted(thread)
    deselect([thread.thread_id for thread in deleted])
    say(f"Deleted {counted(len(deleted), 'thread')}: {name_threads(deleted)}." if deleted else "", "", refusals)


def _draw_list(threads: Sequence[Thread]) -> None:
    lines = "\n".join(f"- {_name(thread)}" for thread in threads)
    if len(threads) <= LISTED:
        st.markdown(lines)
        return
    with st.container(height=260, key="threads_listed"):
        st.markdown(lines)


def _name(thread: Thread) -> str:
    lane = literal(LANES.get((thread.pattern, thread.lane), thread.lane))
    return f"**{literal(thread.title, TITLE)}** · {lane} · {thread.thread_id[:8]}"


def _with(visitor: Workspace, threads: Sequence[Thread]) -> str:
    losses = join_words(name_losses(visitor, threads))
    return f" with {losses}" if losses else "; nothing else was saved of them"


def name_losses(visitor: Workspace, threads: Sequence[Thread]) -> list[str]:
    """Return what is lost with these threads, each kind with its number."""
    ids = [thread.thread_id for thread in threads]
    size = _size(visitor, ids)
    losses = [f"{counted(size.checkpoints, 'checkpoint')} ({sized(size.bytes)})"] if size.checkpoints else []
    for table, (one, many) in BOOKED.items():
        rows = len(visitor.threads.business(table, ids))
        losses += [counted(rows, one, many)] if rows else []
    return losses


def _size(visitor: Workspace, thread_ids: Sequence[str]) -> ThreadSize:
    sizes = visitor.threads.sizes(thread_ids).values()
    return ThreadSize(sum(one.checkpoints for one in sizes), sum(one.bytes for one in sizes))


def draw_file(visitor: Workspace, threads: Sequence[Thread], key: str, label: str) -> None:
    """Offer the file of threads; that of large ones is written when it's asked for."""
    size = _size(visitor, [thread.thread_id for thread in threads])
    if size.bytes > AT_ONCE and not st.button(
        f"Prepare the file of {counted(size.checkpoints, 'checkpoint')}", icon=":material/draft:", key=f"{key}_prepare"
    ):
        return
    data = b""
    with refusal_drawn(), st.spinner("Writing the file"):
        data = _read_file(visitor, threads)
    if data:
        st.download_button(
            f"{label} ({sized(len(data))})",
            data,
            file_name=_file_name(threads),
            mime="application/jsonl",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )


def _read_file(visitor: Workspace, threads: Sequence[Thread]) -> bytes:
    """Return the file, and draw what isn't in it."""
    left_out, refused = set[str](), dict[str, LabError]()
    if len(threads) == 1:
        data = b"".join(visitor.threads.export(threads[0].thread_id, left_out))
    else:
        ids = [thread.thread_id for thread in threads]
        data = b"".join(visitor.threads.export_together(ids, refused, left_out))
    for thread in threads:
        if thread.thread_id in refused:
            draw_refusal(f"{thread.title}: {refused[thread.thread_id]}")
    if left_out:
        draw_refusal(f"Not in the file: {'; '.join(sorted(left_out))}.")
    return data


def _file_name(threads: Sequence[Thread]) -> str:
    if len(threads) == 1:
        return f"{threads[0].pattern}-{threads[0].thread_id[:8]}.jsonl"
    return f"{len(threads)}-threads-{threads[0].thread_id[:8]}.jsonl"
