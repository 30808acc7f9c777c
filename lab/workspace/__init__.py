"""What a visitor may do with the threads of one workspace."""

from lab.workspace.travel import Ahead, Preview
from lab.workspace.workspace import Workspace

__all__ = [
    "Ahead",
    "Preview",
    "Workspace",
]
