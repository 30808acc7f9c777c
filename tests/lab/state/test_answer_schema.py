"""Schemas of questions that come from outside: nothing is fetched, nothing freezes, and no page falls over them."""

import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from jsonschema import Draft202012Validator, FormatChecker

from lab.errors import InvalidInput
from lab.state import check_answer, usable_schema
from tests.support.foreign_questions import asked, card_of, send


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a schema made something reach outside")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)


def within(seconds: float, act: Callable[[], Any]) -> Any:
    before = time.process_time()
    found = act()
    assert time.process_time() - before < seconds
    return found


def complaint(schema: Any, answer: Any) -> str:
    """Return what an answer is refused for; anything but such a refusal comes through."""
    try:
        check_answer(schema, answer)
    except InvalidInput as refused:
        return str(refused)
    return ""


def refusal(schema: Any, answer: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        check_answer(schema, answer)
    return refused.value.fields


REMOTE = [
    "http://127.0.0.1:9/schema.json",
    "https://example.org/schema",
    "file:///etc/passwd",
    "ftp://example.org/x",
    "//example.org/x",
    "other.json",
    "urn:uuid:1",
    "http://json-schema.org/draft-07/schema#",
    "#/properties/a",
    "#anchor",
    "#/$defs/gone",
]


@pytest.mark.parametrize("reference", REMOTE)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda ref: {"$ref": ref},
        lambda ref: {"properties": {"a": {"$ref": ref}}},
        lambda ref: {"properties": {"a": {"anyOf": [{"type": "null"}, {"items": {"$ref": ref}}]}}},
        lambda ref: {"$id": "http://127.0.0.1:9/", "type": "object", "additionalProperties": {"$ref": ref}},
        lambda ref: {"$defs": {"unused": {"$ref": ref}}},
    ],
    ids=["whole", "property", "nested", "with an id", "unused"],
)
def test_a_reference_out_of_the_schema_is_never_followed_and_the_question_says_so(
    wrap: Callable[[str], Any], reference: str
) -> None:
    question = asked(wrap(reference))
    check_answer(wrap(reference), {"a": ["x"]})

    assert question.schema is None
    assert "refers to" in question.unusable


def test_a_question_whose_schema_leads_outside_says_so_and_is_answered_as_json() -> None:
    at, door = card_of(asked({"$ref": "http://127.0.0.1:9/schema.json"}))
    assert "refers to" in at.caption[0].value
    at.text_area(key="card_q_answer").set_value('{"a": [1]}')
    send(at)
    assert door.taken == [{"a": [1]}]


def test_the_schema_s_own_definitions_are_followed() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "integer", "title": "Count"}}}
    question = asked(schema)

    assert question.unusable == ""
    assert refusal(schema, {"a": "x"}) == {"a": "'Count' must be a whole number."}
    check_answer(schema, {"a": 1})
    at, _ = card_of(question)
    assert at.text_input(key="card_q_a").label == "Count"


def test_a_schema_that_refers_to_itself_inside_the_answer_is_followed() -> None:
    tree = {"$ref": "#/$defs/T", "$defs": {"T": {"type": "object", "properties": {"inner": {"$ref": "#/$defs/T"}}}}}
    check_answer(tree, {"inner": {"inner": {}}})

    assert "inner" in refusal(tree, {"inner": {"inner": 1}})
    assert asked(tree).unusable == ""


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "#"}, "without end"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "without end"),
        ({"anyOf": [{"not": {"$ref": "#"}}]}, "without end"),
        ({"properties": []}, "properties"),
        ({"properties": {"a": 5}}, "schema"),
        ({"type": []}, "type"),
        ({"type": "text"}, "type"),
        ({"type": {"a": 1}}, "type"),
        ({"required": "a", "properties": {"a": {}}}, "required"),
        ({"properties": {"a": {"enum": {}}}}, "enum"),
        ({"properties": {"a": {"enum": list(range(100_000))}}}, "enum|large"),
        ({"properties": {"a": {"maxLength": "many"}}}, "maxLength"),
        ({"properties": {"a": {"maxLength": -1}}}, "maxLength"),
        ({"properties": {"a": {"minimum": float("nan")}}}, "minimum"),
        ({"properties": {"a": {"multipleOf": 0}}}, "multipleOf"),
        ({"properties": {"a": {"pattern": "("}}}, "pattern"),
        ({"properties": {"a": {"pattern": "(?:a{1000}){1000}"}}}, "pattern"),
        ({"properties": {"a": {"pattern": "(a)\\1"}}}, "pattern"),
        ({"patternProperties": {"[": {}}}, "pattern"),
        ({"anyOf": {}}, "anyOf"),
        ({"$dynamicRef": "#a"}, "supported"),
        ({"properties": {f"a{n}": {"type": "string"} for n in range(5000)}}, "large"),
        ([], "object"),
        ("x", "object"),
        (True, "object"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told_and_the_answer_is_written_as_json(schema: Any, says: str) -> None:
    question = asked(schema)

    assert question.schema is None
    assert re.search(says, question.unusable)
    at, door = card_of(question)
    assert "The schema that came with this question isn't used" in at.caption[0].value.replace("\\", "")
    at.text_area(key="card_q_answer").set_value("just words")
    send(at)
    assert door.taken == ["just words"]


def test_a_deep_schema_is_not_followed_to_its_bottom() -> None:
    schema: Any = {}
    for _ in range(50_000):
        schema = {"items": schema}

    assert "large" in usable_schema(schema)[1]
    check_answer(schema, [])


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "^(a?){30}a{30}$", "(.*a){20}$", "([a-z]+)*!"])
@pytest.mark.parametrize("place", ["pattern", "patternProperties", "additionalProperties", "propertyNames"])
def test_a_pattern_takes_no_longer_for_a_text_that_nearly_fits(pattern: str, place: str) -> None:
    text = "a" * 5_000 + "?"
    cases: dict[str, tuple[Any, Any]] = {
        "pattern": ({"pattern": pattern}, text),
        "patternProperties": ({"patternProperties": {pattern: {"type": "null"}}}, {text: 1}),
        "additionalProperties": ({"patternProperties": {pattern: {}}, "additionalProperties": False}, {text: 1}),
        "propertyNames": ({"propertyNames": {"pattern": pattern}}, {text: 1}),
    }
    schema, answer = cases[place]

    within(1, lambda: complaint(schema, answer))


def test_patterns_still_hold() -> None:
    schema = {"properties": {"plate": {"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}}}
    check_answer(schema, {"plate": "AB-123"})

    assert "isn't written as it must be" in refusal(schema, {"plate": "ab"})["plate"]
    closed = {"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}
    check_answer(closed, {"xa": 1})
    assert set(refusal(closed, {"xa": "1"})) == {"xa"}
    assert "Take it out" in refusal(closed, {"b": 1})[""]


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        ({"uniqueItems": True}, [{"a": n} for n in range(9_000)]),
        ({"items": {"anyOf": [{"const": n} for n in range(900)]}}, ["x" * 10] * 5_000),
        ({"allOf": [{"items": {"allOf": [{"type": "object"}] * 30}}] * 30}, [1] * 5_000),
        (
            {"$ref": "#/$defs/d0"}
            | {"$defs": {f"d{n}": {"items": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 9}} for n in range(20)}}
            | {
                "$defs": {f"d{n}": {"items": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 9}} for n in range(20)}
                | {"d20": {}}
            },
            [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],
        ),
        ({"oneOf": [{"type": "object"}] * 1500}, ["x" * 90_000]),
    ],
    ids=["unique", "choices", "all of all", "laughs", "long faults"],
)
def test_a_check_takes_bounded_time(schema: Any, answer: Any) -> None:
    within(5, lambda: complaint(schema, answer))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (float("nan"), "number"),
        (10**30, "19 digits"),
        ("x" * 3_000_000, "longer"),
        ([0] * 20_000, "parts"),
        (None, ""),
    ],
    ids=["nan", "huge", "long", "many", "none"],
)
@pytest.mark.parametrize("schema", [None, {}, {"$ref": "http://127.0.0.1:9/"}], ids=["none", "any", "unusable"])
def test_an_answer_that_no_checkpoint_could_hold_is_refused_without_a_schema_too(
    schema: Any, answer: Any, says: str
) -> None:
    if answer is None:
        check_answer(schema, answer)
    else:
        assert says in refusal(schema, answer)[""]


def test_markdown_in_a_foreign_schema_stays_text() -> None:
    schema = {"properties": {"a": {"title": "![x](http://127.0.0.1/a.png) :red[b]", "description": "[a](b)"}}}
    at, _ = card_of(asked(schema))
    field = at.text_area(key="card_q_a")

    assert "\\!\\[x\\]" in field.label
    assert field.help == "\\[a\\]\\(b\\)"


@pytest.mark.parametrize("name", ["send", "form", "", "answer", "q_send", ".send"])
def test_a_field_may_have_any_name(name: str) -> None:
    at, door = card_of(asked({"properties": {name: {"type": "string"}, "_form": {}, "send": {}}, "required": [name]}))
    at.text_input[0].set_value("v") if at.text_input else at.text_area[0].set_value("v")
    send(at)

    assert door.taken[0][name] == "v"


OPTIONS = [[1, True, 1.0], [[1], {"a": 2}], [None], [float("inf")], ["a", "a"], list(range(2000)), [""], ["*b*", "`c`"]]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda found: str(found)[:20])
def test_options_of_any_kind_can_be_answered(options: list[Any]) -> None:
    at, door = card_of(asked(None, {"question": "Which?", "options": options}))
    if at.text_area:
        at.text_area[0].set_value("7")
        send(at)
        assert door.taken == [7]
    else:
        send(at)


JUNK = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**64), 2**64)
    | some.floats()
    | some.sampled_from(["", "object", "string", "integer", "(", "a", "#", "#/$defs/a", "#/$defs/b", *REMOTE[:3]]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("abcd"), inner, max_size=3),
    max_leaves=6,
)
RULES = sorted(set(Draft202012Validator.VALIDATORS) | {"$defs", "definitions", "title", "description", "default"})


def schemas() -> some.SearchStrategy[Any]:
    def grown(inner: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
        named = some.dictionaries(some.sampled_from(["a", "b", "send", "", "^a"]), inner, max_size=3)
        value = some.one_of(JUNK, inner, some.lists(inner, max_size=3), named)
        sound = some.fixed_dictionaries(
            {},
            optional={
                "properties": named,
                "$defs": named,
                "type": some.sampled_from(["object", "string", "integer", "number", "boolean", "array"]),
                "enum": some.lists(JUNK, min_size=1, max_size=4),
                "anyOf": some.lists(inner, min_size=1, max_size=3),
                "default": JUNK,
                "title": some.text(max_size=4),
                "maxLength": some.integers(-1, 3),
                "minimum": some.floats(),
                "$ref": some.sampled_from(["#", "#/$defs/a", "#/$defs/b"]),
            },
        )
        return sound | some.dictionaries(some.sampled_from(RULES), value, max_size=5)

    return some.recursive(JUNK, grown, max_leaves=8)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas(), JUNK)
@example({"anyOf": [False]}, None)
@example({"oneOf": [False, {"type": "string"}]}, 3)
def test_whatever_the_schema_an_answer_is_taken_or_refused_in_words(schema: Any, answer: Any) -> None:
    usable, why = usable_schema(schema)
    assert len(within(2, lambda: complaint(schema, answer))) < 20_000
    if usable is None:
        assert bool(why) == (schema is not None)
        return
    assert why == ""
    # Python's own patterns, of which the library's check is, aren't those that are used.
    Draft202012Validator.check_schema(usable, format_checker=FormatChecker([]))
    assert usable_schema(usable) == (usable, "")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas(), some.sampled_from(["Really?", {"question": "Which?", "options": ["a", 1]}]), JUNK)
def test_whatever_the_schema_its_form_is_drawn_and_sent(schema: Any, value: Any, typed: Any) -> None:
    at, door = card_of(asked(schema, value))
    for area in at.text_area:
        area.set_value(str(typed))
    send(at)

    assert door.taken or at.warning or at.text
