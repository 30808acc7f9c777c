"""Answers to interrupts that are saved and given to their node again, because it failed after it got them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from langgraph.checkpoint.serde.types import INTERRUPT, RESUME
from langgraph.types import Interrupt

from lab.checkpoints.rows import Write
from lab.checkpoints.storage import Storage
from lab.jsonable import Json, to_jsonable


def kept_answers(
    storage: Storage, thread_id: str, checkpoint_id: str, asked: Collection[str], nodes: Collection[str]
) -> dict[str, Json]:
    """Return by question the answer that its node gets again when it runs again; another one would be passed over.

    `asked` are the questions' ids, `nodes` the names of the graph's nodes and of its subgraphs'.
    """
    inner = storage.checkpoints.subgraph_rows(thread_id, [checkpoint_id]).get(checkpoint_id, ())
    places = [("", checkpoint_id), *((row.namespace, row.checkpoint_id) for row in inner)]
    answers: dict[str, Json] = {}
    with storage.open_for_reading() as opened:
        serde = opened.saver.serde
        for namespace, ident in places:
            tasks: dict[str, list[Write]] = {}
            for write in opened.rows.writes(thread_id, namespace, ident):
                tasks.setdefault(write.task_id, []).append(write)
            for task_id, writes in tasks.items():
                values = {
                    write.channel: serde.loads_typed((write.kind, write.data))
                    for write in writes
                    if write.channel in (INTERRUPT, RESUME)
                }
                prefix = f"{namespace}|" if namespace else ""
                spaces = [f"{prefix}{node}:{task_id}" for node in nodes]
                answers |= {
                    name: value for name, value in _answers_of_task(writes, values, spaces).items() if name in asked
                }
    return answers


def _answers_of_task(writes: Sequence[Write], values: Mapping[str, Any], spaces: Sequence[str]) -> dict[str, Json]:
    """Return the answers that one task got to the question that it asked last."""
    answers, asked = _listed(values.get(RESUME)), _listed(values.get(INTERRUPT))
    if not answers:
        return {}
    over = any(write.channel not in (INTERRUPT, RESUME) for write in writes)
    by_question: dict[str, Json] = {}
    for question in asked:
        number = _number(question.id, spaces, len(answers))
        # Of a node that its graph doesn't name only this is known: it has answers, and it failed or ended.
        if number is None and over:
            number = len(answers) - 1
        if number is not None and number < len(answers):
            by_question[question.id] = to_jsonable(answers[number])
    return by_question


def _number(question_id: str, spaces: Sequence[str], answers: int) -> int | None:
    """Return which question of its node one is: those that a node asks one after the other differ by number alone."""
    for number in range(answers + 1):
        ending = f"|{number}" if number else ""
        if any(Interrupt.from_ns(None, f"{space}{ending}").id == question_id for space in spaces):
            return number
    return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
