"""Advice for errors that aren't the model's: of the database, an invalid update, a failing reducer."""

import sqlite3
from collections.abc import Iterator

import psycopg
from langgraph.channels import binop
from langgraph.errors import InvalidUpdateError
from psycopg_pool import PoolClosed, PoolTimeout
from sqlalchemy.exc import DBAPIError

FULL = "The disk of the database is full, so nothing more can be saved. Make room: delete threads or other files"
LOCKED = "Another program holds the database locked, and it was waited for in vain. Let that program finish"
UNWRITABLE = "The database can't be written. Give the lab the right to write the file and its folder"
UNREACHABLE = "The database can't be reached. Check that its server is up and that LAB_DATABASE names it"
TROUBLED = "The database refused to read or write. Look at its message below"
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
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, (sqlite3.OperationalError, psycopg.OperationalError, PoolTimeout, PoolClosed)):
        return _of_database(error)
    if isinstance(error, InvalidUpdateError):
        return REFUSED
    return REDUCER if any(name == binop.__file__ for name in _files(error)) else ""


def _of_database(error: BaseException) -> str:
    said = str(error).lower()
    if isinstance(error, psycopg.errors.DiskFull) or "disk is full" in said or "no space left" in said:
        return FULL
    if isinstance(error, sqlite3.OperationalError):
        if "locked" in said:
            return LOCKED
        return UNWRITABLE if "readonly" in said or "unable to open" in said else TROUBLED
    return UNREACHABLE


def _files(error: BaseException) -> Iterator[str]:
    """Give the files through which an error came."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
