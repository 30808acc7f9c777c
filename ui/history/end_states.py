"""How the state at the end of a branch or a thread is told in a table."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lab.history import Snapshot
from lab.jsonable import Json
from lab.state import value_text
from ui.common import literal, node_name


def end_text(end: Snapshot) -> str:
    """Say where a thread stands at a checkpoint."""
    if end.questions:
        return f"waits for an answer in {', '.join(node_name(question.node) for question in end.questions)}"
    if end.errors:
        return f"failed in {', '.join(map(node_name, end.errors))}"
    return f"paused before {', '.join(map(node_name, end.next))}" if end.next else "finished"


def brief_text(value: Json) -> str:
    """Return a value in a few words."""
    if isinstance(value, list):
        return f"list of {len(value):,}, the last: {value_text(value[-1])}" if value else "empty list"
    return value_text(value)


def literal_frame(lines: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Return lines for a table that reads Markdown in its cells, with everything in them escaped."""
    return pd.DataFrame([{name: literal(text, 400) for name, text in line.items()} for line in lines])
