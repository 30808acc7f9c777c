"""The form of "Prune branches": choose branches to delete and see what that deletes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from lab.history import Branch, Tree, id_seconds
from lab.threads import Thread
from lab.workspace import Workspace
from ui.common import counted, literal, shown, stamp, zone_name
from ui.threads.dialog_frame import RECORD

WAYS = {"chosen": "Branches that I choose", "newest": "All but the newest"}


@dataclass(frozen=True, slots=True)
class PruneChoice:
    """What is to be kept of a thread."""

    leaves: tuple[str, ...]
    """The last checkpoints of the branches that stay."""
    newest: int
    """How many of the newest branches stay; 0 where they were chosen one by one."""
    branches: int
    """How many go."""

    @property
    def possible(self) -> bool:
        """Whether anything goes and anything stays."""
        return bool(self.leaves) and self.branches > 0


def choose_branches(visitor: Workspace, thread: Thread) -> PruneChoice | None:
    """Ask which branches are to go and say what that deletes; None where there is no choice."""
    tree = visitor.history.tree(thread.thread_id)
    if len(tree.branches) < 2:
        st.info("The thread has one branch only, which is kept whole. There is nothing to prune.")
        return None
    way = st.segmented_control(
        "Delete", list(WAYS), default="chosen", required=True, format_func=lambda one: WAYS[one], key="prune_way"
    )
    if way == "newest":
        number = int(
            st.number_input("Newest branches to keep", 1, len(tree.branches) - 1, 1, key="prune_newest", width=240)
        )
        leaves = visitor.threads.branch_heads(thread.thread_id)[:number]
        choice = PruneChoice(leaves, number, len(tree.branches) - len(leaves))
    else:
        gone = _picked(tree)
        leaves = tuple(branch.leaf.checkpoint_id for branch in tree.branches if branch.number not in gone)
        choice = PruneChoice(leaves, 0, len(gone))
    st.markdown(_consequence(tree, choice))
    return choice


def _picked(tree: Tree) -> set[int]:
    """Draw the branches, oldest first, and return the numbers of those that are marked."""
    frame = pd.DataFrame(
        {
            "Branch": [shown(branch.name, 80) for branch in tree.branches],
            "Checkpoints": [len(branch.own) for branch in tree.branches],
            f"Last written, {zone_name()}": [stamp(id_seconds(branch.leaf.checkpoint_id)) for branch in tree.branches],
        }
    )
    event: Any = st.dataframe(
        frame,
        # Rows are marked by position, and a thread that has grown meanwhile has others.
        key=f"prune_branches_{tree.head}_{len(tree.branches)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        alt=f"Branches, oldest first: {len(frame)} rows; mark those to delete",
        height=min(38 + 35 * len(frame), 320),
        column_config={"Checkpoints": st.column_config.NumberColumn(help="Of its own, after the fork.")},
    )
    return {row + 1 for row in event["selection"]["rows"] if row < len(tree.branches)}


def _consequence(tree: Tree, choice: PruneChoice) -> str:
    if not choice.branches:
        return "Mark the branches to delete. A branch that stays is kept whole, back to its beginning."
    if not choice.leaves:
        return "At least one branch stays. Take the mark off one, or delete the thread."
    staying = {mark.checkpoint_id for head in choice.leaves for mark in tree.lineage(head)}
    gone = len(tree.marks) - len(staying)
    text = (
        f"This deletes {counted(choice.branches, 'branch', 'branches')} with {counted(gone, 'checkpoint')} that no "
        f"other branch needs; {len(staying):,} stay. It can't be undone. {RECORD}"
    )
    if tree.head not in staying:
        text += f" The thread goes on from the end of **{literal(_newest(tree, choice.leaves).name, 80)}**."
    return text


def _newest(tree: Tree, leaves: Collection[str]) -> Branch:
    return tree.branch_of(max(leaves))
