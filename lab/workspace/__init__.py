"""What a visitor may do with the threads of one workspace."""

from lab.workspace.deadline_timer import DeadlineTimer
from lab.workspace.deadlines import Deadlines, expiry_in
from lab.workspace.decisions import DecisionPage, WorkspaceDecisions
from lab.workspace.editing import StateEdit
from lab.workspace.example_steps import example_of, upcoming
from lab.workspace.history import History
from lab.workspace.inbox import Inbox, InboxPage
from lab.workspace.lanes import start_lanes
from lab.workspace.launching import RunOptions
from lab.workspace.next_step import LanePlay, NextStep
from lab.workspace.outcomes import UNCLEAR
from lab.workspace.permissions import Rules, refusal, rules_of, who_may
from lab.workspace.play import ExamplePlayer
from lab.workspace.threads import ThreadPage, WorkspaceThreads
from lab.workspace.trap_run import TrapRun
from lab.workspace.travel import Ahead, Damage, Preview, Travel
from lab.workspace.workspace import Workspace

__all__ = [
    "UNCLEAR",
    "Ahead",
    "Damage",
    "DeadlineTimer",
    "Deadlines",
    "DecisionPage",
    "ExamplePlayer",
    "History",
    "Inbox",
    "InboxPage",
    "LanePlay",
    "NextStep",
    "Preview",
    "Rules",
    "RunOptions",
    "StateEdit",
    "ThreadPage",
    "TrapRun",
    "Travel",
    "Workspace",
    "WorkspaceDecisions",
    "WorkspaceThreads",
    "example_of",
    "expiry_in",
    "refusal",
    "rules_of",
    "start_lanes",
    "upcoming",
    "who_may",
]
