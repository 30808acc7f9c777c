"""What a visitor may do with the threads of one workspace."""

from lab.workspace.editing import StateEdit
from lab.workspace.history import History
from lab.workspace.launching import RunOptions
from lab.workspace.outcomes import UNCLEAR
from lab.workspace.threads import ThreadPage, WorkspaceThreads
from lab.workspace.travel import Ahead, Preview, Travel
from lab.workspace.workspace import Workspace

__all__ = [
    "UNCLEAR",
    "Ahead",
    "History",
    "Preview",
    "RunOptions",
    "StateEdit",
    "ThreadPage",
    "Travel",
    "Workspace",
    "WorkspaceThreads",
]
