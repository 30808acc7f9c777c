"""Messages about values that don't fit: plain sentences, and never a library's own words."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel
from pydantic import BaseModel, Field, TypeAdapter
from pydantic_core.core_schema import ErrorType
from typing_extensions import TypedDict

from graphs.catalogue import CATALOGUE
from graphs.human import approval_gate, expense_approval
from graphs.resilience import durable_task
from lab.errors import InvalidInput
from lab.state import Fault, JsonText, check_answer, check_input, rebuild, sentence, state_fields
from lab.state.validation_messages import pydantic_fault
from tests.support.editable_state import State as Everything

LIBRARY = re.compile(
    r"input should|validation error|is not of type|is not one of|required property|is too (short|long)|does not match"
    r"|non-empty|valid (integer|number|string|dictionary|list)|type=|further information|field required|value error"
    r"|extra inputs|unable to|was expected|json input|under any of the given|is (less|greater) than",
    re.IGNORECASE,
)
"""How Pydantic and jsonschema put it."""


class Order(TypedDict):
    """What an order is given."""

    name: Annotated[str, Field(title="Name", min_length=1, max_length=10)]
    amount: Annotated[float, Field(title="Amount in euros", ge=0.01, le=1_000_000)]
    parts: Annotated[int, Field(title="Parts", gt=0)]
    way: Annotated[Literal["by-air", "by-sea"], Field(title="Way")]
    more: Annotated[list[dict[str, int]], Field(title="More")]


FITS = {"name": "a", "amount": 1.0, "parts": 1, "way": "by-sea", "more": []}

WRONG: list[tuple[str, Any, str]] = [
    ("name", "", "'Name' is empty. Fill it in."),
    ("name", "  \n\u200b", "'Name' is empty. Fill it in."),
    ("name", "x" * 12, "'Name' must have at most 10 characters; it has 12."),
    ("name", 5, "'Name' must be a text."),
    ("amount", 0, "'Amount in euros' must be at least 0.01."),
    ("amount", 2e6, "'Amount in euros' must be at most 1,000,000."),
    ("amount", "dear", "'Amount in euros' must be a number, such as 1.5."),
    ("parts", 0, "'Parts' must be more than 0."),
    ("parts", 1.5, "'Parts' must be a whole number."),
    ("more", "[1", "'More' isn't valid JSON. Check its brackets, quotes and commas."),
    ("more", [{"a": 1}, {"a": "x"}], "Row 2: 'a' must be a whole number."),
]


def as_input(values: dict[str, Any]) -> None:
    check_input(Order, values)


def as_answer(values: dict[str, Any]) -> None:
    check_answer(TypeAdapter(Order).json_schema(), values)


def as_edit(values: dict[str, Any]) -> None:
    rebuild(Order, {name: JsonText(value) if value == "[1" else value for name, value in values.items()}, {})


@pytest.mark.parametrize("check", [as_input, as_answer, as_edit])
@pytest.mark.parametrize(("name", "value", "told"), WRONG)
def test_a_broken_rule_is_told_in_the_same_sentence_for_inputs_answers_and_edits(
    check: Callable[[dict[str, Any]], None], name: str, value: Any, told: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check({**FITS, name: value})
    assert refused.value.fields == {name: told}
    assert str(refused.value).startswith(told)


class Shipment(TypedDict):
    """What holds an order as a part."""

    order: Order
    note: str


class Bill(BaseModel):
    """The same as a model, which is checked as a whole."""

    order: Order
    note: str


@pytest.mark.parametrize("schema", [Shipment, Bill])
@pytest.mark.parametrize("check", [check_input, lambda schema, values: rebuild(schema, values, {})])
def test_what_is_wrong_in_a_part_is_told_by_the_part_for_inputs_and_edits(
    check: Callable[..., object], schema: type
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(schema, {"order": {**FITS, "name": "", "parts": "many"}, "note": "x"})
    assert refused.value.fields == {
        "order.name": "'Name' is empty. Fill it in.",
        "order.parts": "'Parts' must be a whole number.",
    }


@pytest.mark.parametrize("check", [as_input, as_answer, as_edit])
def test_a_choice_that_there_is_not_is_told_by_the_labels_of_those_there_are(
    check: Callable[[dict[str, Any]], None],
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check({**FITS, "way": "by-train"})
    assert refused.value.fields == {"way": "Choose one of: By air, By sea."}


@pytest.mark.parametrize("check", [as_input, as_answer])
def test_what_is_missing_is_told_as_empty_and_a_choice_by_what_there_is_to_choose(
    check: Callable[[dict[str, Any]], None],
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check({"name": "a", "parts": 1, "more": []})
    assert refused.value.fields == {
        "amount": "'Amount in euros' is empty. Fill it in.",
        "way": "Choose one of: By air, By sea.",
    }


def test_a_rule_of_the_pattern_is_told_in_its_own_words() -> None:
    crash_recovery = next(pattern for pattern in CATALOGUE if pattern.slug == "crash-recovery")
    schema = crash_recovery.lanes[0].build(None).input_schema  # type: ignore[arg-type]  # no model is asked
    with pytest.raises(InvalidInput) as refused:
        check_input(schema, {**crash_recovery.examples[0].input, "departments": ", ".join(map(str, range(20)))})
    assert "up to 8 departments" in refused.value.fields["departments"]
    assert not LIBRARY.search(str(refused.value))


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_error_of_pydantic_is_told_by_its_raw_text(kind: str) -> None:
    for value in ("x", None, 5, [1]):
        told = sentence(pydantic_fault({"type": kind, "loc": (), "msg": "raw text", "input": value}), "Amount")
        assert told.endswith(".")
        assert "raw text" not in told
        assert not LIBRARY.search(told)


def test_a_rule_without_words_of_its_own_is_told_in_a_general_sentence() -> None:
    assert sentence(Fault("other"), "Size") == "'Size' can't have this value. Give it another one."
    with pytest.raises(InvalidInput) as refused:
        check_answer({"properties": {"size": {"not": {"type": "integer"}}}}, {"size": 1})
    assert refused.value.fields == {"size": "'Size' can't have this value. Give it another one."}


@pytest.mark.parametrize("verdict", [approval_gate.Verdict, expense_approval.Verdict])
def test_a_field_that_hangs_on_a_choice_is_not_complained_of_before_the_choice(verdict: type[BaseModel]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answer(verdict.model_json_schema(), {})
    assert list(refused.value.fields) == ["decision"]
    assert refused.value.fields["decision"].startswith("Choose one of: ")


def test_a_field_that_the_choice_needs_is_complained_of() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answer(approval_gate.Verdict.model_json_schema(), {"decision": "change", "feedback": " "})
    assert refused.value.fields == {"feedback": "'Changes to make, or the reason to reject' is empty. Fill it in."}
    check_answer(approval_gate.Verdict.model_json_schema(), {"decision": "approve", "feedback": ""})


SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of what is tried."""
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("x" * 5000),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
LANES = [pattern.lanes[0].build(FakeListChatModel(responses=["Yes."])) for pattern in CATALOGUE]
INPUTS = [built.input_schema for built in LANES]
STATES = [*(built.state_schema for built in LANES), Everything]
ANSWERS = [
    verdict.model_json_schema()
    for verdict in (approval_gate.Verdict, expense_approval.Verdict, durable_task.Confirmation)
]


def junk(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, JUNK))


def refuse_plainly(check: Callable[[], object]) -> None:
    try:
        check()
    except InvalidInput as error:
        for told in [*error.fields.values(), str(error)]:
            assert not LIBRARY.search(told)
            assert told.endswith((".", "!", "?"))


@SLOW
@given(st.data())
def test_no_message_about_an_input_of_the_catalogue_is_a_library_s(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from(INPUTS))
    values = data.draw(junk(list(schema.__annotations__)))
    refuse_plainly(lambda: check_input(schema, values))


@SLOW
@given(st.data())
def test_no_message_about_an_answer_of_the_catalogue_is_a_library_s(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from(ANSWERS))
    values = data.draw(junk(list(schema["properties"])) | JUNK)
    refuse_plainly(lambda: check_answer(schema, values))


@SLOW
@given(st.data())
def test_no_message_about_an_edit_is_a_library_s(data: st.DataObject) -> None:
    schema = data.draw(st.sampled_from(STATES))
    fields = [field.name for field in state_fields(schema)]
    forms = data.draw(
        st.fixed_dictionaries({}, optional={name: JUNK | st.builds(JsonText, st.text()) for name in fields})
    )
    refuse_plainly(lambda: rebuild(schema, forms, dict.fromkeys(fields, "replace")))
