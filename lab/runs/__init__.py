"""Executing a graph: one run a thread, its stream told as events, claims across processes."""

from lab.runs.background import BackgroundThread
from lab.runs.calls import CallsAsCode
from lab.runs.claims import Accepted, Claims, Standing
from lab.runs.lane_graphs import LaneGraphs
from lab.runs.lease import LeaseRenewal
from lab.runs.registry import Claim, Runs
from lab.runs.requests import (
    REQUEST,
    ContinueRequest,
    ReanswerRequest,
    ReplayRequest,
    Request,
    ResumeRequest,
    RunConditions,
    StartRequest,
    TurnRequest,
    WhatIfRequest,
)
from lab.runs.run import Work
from lab.runs.stream import STREAM_MODES, Stream
from lab.runs.subprocess_run import SubprocessRun
from lab.runs.two_step import TwoStepRun, asked_again
from lab.runs.waiting import WaitingIndex, answers_saved

__all__ = [
    "REQUEST",
    "STREAM_MODES",
    "Accepted",
    "BackgroundThread",
    "CallsAsCode",
    "Claim",
    "Claims",
    "ContinueRequest",
    "LaneGraphs",
    "LeaseRenewal",
    "ReanswerRequest",
    "ReplayRequest",
    "Request",
    "ResumeRequest",
    "RunConditions",
    "Runs",
    "Standing",
    "StartRequest",
    "Stream",
    "SubprocessRun",
    "TurnRequest",
    "TwoStepRun",
    "WaitingIndex",
    "WhatIfRequest",
    "Work",
    "answers_saved",
    "asked_again",
]
