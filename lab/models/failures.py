"""Advice for errors that are neither the model's nor the database's: an invalid update, a failing reducer."""

from collections.abc import Iterator

from langgraph.channels import binop
from langgraph.errors import InvalidUpdateError

REFUSED = (
    "The state can't take what the nodes of this step gave: a key without a reducer takes one value a step, and a node "
    "gives a dict of fields. Correct the graph"
)
REDUCER = (
    "A reducer of the state failed on what the nodes of this step gave, so the step wasn't saved. Correct the reducer "
    "or what it's given"
)


def advice(error: BaseException) -> str:
    """Return the thing and the remedy in words, without a full stop; empty where the error has to speak for itself."""
    if isinstance(error, InvalidUpdateError):
        return REFUSED
    return REDUCER if any(name == binop.__file__ for name in _files(error)) else ""


def _files(error: BaseException) -> Iterator[str]:
    """Give the files through which an error came."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
