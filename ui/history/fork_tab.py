"""The tab "Edit and fork": run again from an earlier checkpoint, with an edit of its state."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from lab.errors import InvalidInput, LabError
from lab.history import Snapshot
from lab.workspace import Preview, StateEdit, Workspace
from ui.common import CHECKPOINT_PARAMETER, Looked, Place, draw_refusal, look_at, node_name, nodes_as_code, run_options
from ui.forms import StateForm
from ui.graph import node_names
from ui.history.diff_view import draw_changes
from ui.history.travel_actions import (
    can_travel,
    draw_effects,
    draw_label_field,
    travel_button,
    travel_errors,
    typed_label,
)
from ui.history.travel_notice import Done, travelled

AS_NOBODY = ""
"""Writes an edit as no node's, so that what was next stays next."""
AS_INPUT = "__start__"


@dataclass(frozen=True, slots=True)
class ForkForm:
    """The form of a fork: of the state's edit, the node as which it's written, and the branch's label."""

    looked: Looked
    snapshot: Snapshot
    state: StateForm

    def edit(self) -> StateEdit:
        """Return what the widgets hold now, for a callback that runs before they're drawn again."""
        thread_id = self.looked.thread.thread_id
        as_node = st.session_state.get(f"as_{thread_id}") or None
        return replace(self.state.edit(), as_node=as_node, label=typed_label(thread_id))


def draw_fork(looked: Looked, snapshot: Snapshot) -> None:
    """Draw the form of the state, the preview of what it would make, and the ways to save it."""
    if not can_travel(looked):
        return
    thread_id, checkpoint_id = looked.thread.thread_id, snapshot.checkpoint_id
    st.caption("The checkpoint stays as it is; what you change becomes a branch that begins here.")
    values = looked.workspace.history.values(thread_id, checkpoint_id)
    state = StateForm(looked.workspace.history.fields(thread_id), values, f"edit_{thread_id}_{checkpoint_id}")
    form = ForkForm(looked, snapshot, state)
    made, wrong = preview_edit(looked.workspace, thread_id, checkpoint_id, form.edit())
    with st.grid(2, min_column_width=340, gap="large") as grid:
        with grid.cell():
            state.draw(wrong)
        with grid.cell():
            _as_node(looked)
            draw_label_field(thread_id)
            _preview(looked, snapshot, made, wrong)
            _buttons(form)


def preview_edit(
    workspace: Workspace, thread_id: str, checkpoint_id: str, edit: StateEdit
) -> tuple[Preview | None, Mapping[str, str]]:
    """Return what an edit would leave behind, or what the lab has against it, by field; nothing for no edit."""
    if not edit.values:
        return None, {}
    try:
        return workspace.travel.preview(thread_id, checkpoint_id, replace(edit, label="")), {}
    except InvalidInput as error:
        return None, error.fields
    except LabError as error:
        return None, {"": str(error)}


def _as_node(looked: Looked) -> None:
    nodes = node_names(looked.thread.pattern, looked.thread.lane)
    named = {AS_NOBODY: "nobody: what was next stays next", AS_INPUT: "the input"}
    st.selectbox(
        "Written as",
        [AS_NOBODY, AS_INPUT, *(name for name in nodes if ":" not in name)],
        format_func=lambda name: named.get(name) or node_name(name),
        key=f"as_{looked.thread.thread_id}",
        help="Written as a node, or as the input, the edit counts as what that one wrote: the edges behind it decide "
        "anew what runs next.",
    )


def _preview(looked: Looked, snapshot: Snapshot, made: Preview | None, wrong: Mapping[str, str]) -> None:
    st.markdown("**Preview**")
    if wrong:
        draw_refusal(" ".join(wrong.values()))
    elif made is None:
        st.caption("Change a field to see what the edit would leave behind and which node would run next.")
    else:
        following = nodes_as_code(made.next) or "nothing, the thread would be at its end"
        as_before = ", as before the edit" if made.next == snapshot.next else ""
        st.markdown(f"Runs next: {following}{as_before}")
        draw_effects(looked.workspace.travel.ahead(looked.thread.thread_id, snapshot.checkpoint_id, made.next))
        draw_changes(made.changes)


def _buttons(form: ForkForm) -> None:
    thread_id = form.looked.thread.thread_id
    travel_errors(thread_id).draw()
    with st.container(horizontal=True):
        travel_button(
            "Fork and run",
            type="primary",
            icon=":material/play_arrow:",
            key=f"fork_run_{thread_id}",
            thread_id=thread_id,
            on_click=_fork_and_run,
            args=(form,),
        )
        travel_button(
            "Fork and stay paused",
            icon=":material/pause:",
            key=f"fork_{thread_id}",
            thread_id=thread_id,
            on_click=_fork_and_pause,
            args=(form,),
        )
        travel_button(
            "What if: run both",
            icon=":material/compare_arrows:",
            key=f"what_if_{thread_id}",
            thread_id=thread_id,
            on_click=_run_both,
            args=(form,),
            disabled=not form.snapshot.next,
            help="Runs the rest twice, as it was and with your change, and shows both ends side by side; "
            "what these nodes do outside the state they do twice.",
        )


def _fork_and_run(form: ForkForm) -> None:
    _fork(form, run=True)
    look_at(None)
    _note_fork(form)


def _fork_and_pause(form: ForkForm) -> None:
    look_at(Place(_fork(form, run=False)))
    _note_fork(form)


def _fork(form: ForkForm, *, run: bool) -> str:
    thread_id, checkpoint_id = form.looked.thread.thread_id, form.snapshot.checkpoint_id
    return form.looked.workspace.travel.fork(thread_id, checkpoint_id, form.edit(), run=run, **run_options())


def _note_fork(form: ForkForm) -> None:
    travelled(form.looked, Done(f"Forked from step {form.snapshot.step}", form.looked.tree.head))


def _run_both(form: ForkForm) -> None:
    thread_id, checkpoint_id = form.looked.thread.thread_id, form.snapshot.checkpoint_id
    form.looked.workspace.travel.what_if(thread_id, checkpoint_id, form.edit(), **run_options())
    # Unless somebody chose two branches, those made last are compared.
    for name in (CHECKPOINT_PARAMETER, "left", "right"):
        look_at(None, name)
    st.session_state["view"] = "Compare branches"
