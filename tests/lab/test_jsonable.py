"""Values as plain data: whatever differs stays different, and nothing depends on where it lies in memory."""

from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from lab.jsonable import to_jsonable
from tests.support.strange_states import PICTURE, Shelf

TEXT = {"type": "text", "text": "x"}
CALL = {"name": "look", "args": {"at": "sky"}, "id": "t1"}
BASE = AIMessage("x", id="1")
TOOL = ToolMessage("x", id="1", tool_call_id="t1")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HumanMessage("x", id="1"), HumanMessage([TEXT, PICTURE], id="1")),
        (AIMessage([TEXT, PICTURE], id="1"), AIMessage([PICTURE, TEXT], id="1")),
        (BASE, AIMessage([{"type": "reasoning", "reasoning": "so"}, TEXT], id="1")),
        (BASE, AIMessage([{**TEXT, "annotations": [{"type": "citation"}]}], id="1")),
        (BASE, AIMessage("x", id="1", name="ann")),
        (BASE, AIMessage("x", id="1", additional_kwargs={"refusal": "no"})),
        (BASE, AIMessage("x", id="1", response_metadata={"finish_reason": "length"})),
        (BASE, AIMessage("x", id="1", usage_metadata={"input_tokens": 0, "output_tokens": 1, "total_tokens": 1})),
        (BASE, AIMessage("x", id="1", tool_calls=[CALL])),
        (BASE, AIMessage("x", id="1", invalid_tool_calls=[{**CALL, "args": "{", "error": "cut"}])),
        (TOOL, ToolMessage("x", id="1", tool_call_id="t1", status="error")),
        (TOOL, ToolMessage("x", id="1", tool_call_id="t1", artifact={"rows": 0})),
        (TOOL, ToolMessage("x", id="1", tool_call_id="t1", artifact=0)),
        (BASE, AIMessage("x", id="1", own_field="y")),
    ],
)
def test_messages_that_differ_in_anything_are_told_apart(before: BaseMessage, after: BaseMessage) -> None:
    assert before != after
    assert to_jsonable(before) != to_jsonable(after)
    assert to_jsonable(after)["text"] == "x"


def test_a_message_of_text_alone_is_told_in_three_words() -> None:
    assert to_jsonable(HumanMessage("x", id="1")) == {"role": "human", "text": "x", "id": "1"}


class Broken:
    """A class that can't be written."""

    def __repr__(self) -> str:
        raise KeyError("no")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Shelf(3), "Shelf(books=3)"),
        (Broken(), "Broken that can't be shown (KeyError)"),
        (np.arange(2000), list(range(2000))),
        (np.float64(1.5), 1.5),
    ],
)
def test_what_no_json_knows_is_told_by_its_content(value: Any, told: Any) -> None:
    assert to_jsonable(value) == told


def test_an_object_that_holds_itself_is_told_all_the_same() -> None:
    one = Shelf(1)
    one.self = one  # type: ignore[attr-defined]  # a pattern's own class may do so
    assert to_jsonable(one) == "Shelf(books=1, ...)"
