"""Saving an edit of a thread's state, and the event that tells of it."""

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

import psycopg
from langgraph.errors import InvalidUpdateError
from langgraph.types import Overwrite

from lab.errors import NotPossible
from lab.events import StateEdited
from lab.models import explain
from lab.plain import plain
from lab.stream import Graph


def written(graph: Graph, config: Any, update: Mapping[str, Any], as_node: str | None) -> str:
    """Saves an edit and gives the new checkpoint's id; raises NotPossible where the graph can't take it."""
    # The library has names of its own with which the values would be left out.
    if as_node is not None and as_node not in graph.nodes:
        raise NotPossible(f"The graph has no node '{as_node[:80]}'. Choose one that it has.")
    try:
        saved = graph.update_state(config, dict(update), as_node=as_node)
    except InvalidUpdateError as error:
        raise NotPossible(
            f"The state can't be edited here: {error}. Choose as which node the values are written, or pause after "
            "another one."
        ) from error
    except (sqlite3.OperationalError, psycopg.OperationalError):
        raise
    # The edges behind the node are followed at once, and what a pattern's own decision raises can be anything.
    except Exception as error:
        raise NotPossible(
            f"Where the graph goes from this state can't be told: {explain(error)}. Choose other values, or another "
            "node as which they are written."
        ) from error
    return str(saved["configurable"]["checkpoint_id"])


def edited_by(checkpoint_id: str, update: Mapping[str, Any], calls: str) -> StateEdited:
    """Gives the event that tells of a saved edit, yet without its number."""
    given = {name: value.value if isinstance(value, Overwrite) else value for name, value in update.items()}
    return StateEdited(0, time.time(), checkpoint_id, plain(given), calls)
