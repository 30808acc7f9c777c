"""Tool calls that wait for a person's review: what may be decided of each, and whether an answer decides all of them.

Two shapes of an interrupt's value are known, those of `HumanInTheLoopMiddleware`: one that lists the calls of a model's
message, and one for a single call whose decisions stand in the schema of its answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from lab.errors import InvalidInput
from lab.jsonable import Json
from lab.state.answer_check import check_answer
from lab.state.answer_schema import Schema, usable_schema
from lab.state.validation_messages import Fault, blank, sentence

Decision = Literal["approve", "edit", "reject", "respond"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
MESSAGES: Mapping[Decision, str] = {"reject": "Reason", "respond": "Answer"}
"""By decision that takes a message, what the message is called."""
CALLS = 50
"""Calls of one interrupt that are reviewed one by one; more of them are answered as JSON."""

_PARTS: Mapping[Decision, frozenset[str]] = {
    "approve": frozenset({"type"}),
    "edit": frozenset({"type", "edited_action"}),
    "reject": frozenset({"type", "message"}),
    "respond": frozenset({"type", "message"}),
}


@dataclass(frozen=True, slots=True)
class ReviewedCall:
    """A tool call that runs only as a person decides."""

    name: str
    """The tool's."""
    args: Mapping[str, Json]
    description: str
    allowed: tuple[Decision, ...]
    schema: Schema
    """The JSON schema of the arguments: the tool's own, or what the arguments' values tell."""
    needs_reason: bool = False
    """Whether a rejection must say why."""


@dataclass(frozen=True, slots=True)
class Review:
    """The calls that one interrupt asks about."""

    calls: tuple[ReviewedCall, ...]
    listed: bool
    """Whether the answer lists the decisions in the order of the calls; else it's the decision on the only one."""

    def answer(self, decisions: Iterable[Json]) -> Json:
        """Return the answer that these decisions are, one for each call."""
        given = list(decisions)
        return {"decisions": given} if self.listed else given[0]

    def decisions(self, answer: Json) -> list[Json] | None:
        """Return an answer's decisions; None where it isn't of the shape that is asked for."""
        if not self.listed:
            return [answer]
        given = answer.get("decisions") if isinstance(answer, dict) and answer.keys() == {"decisions"} else None
        return given if isinstance(given, list) else None


def review_of(value: Json, schema: Schema | None, tools: Mapping[str, Mapping[str, Any]]) -> Review | None:
    """Return the tool calls that an interrupt's value asks about; None where it asks for something else.

    `schema` is that of the answer, `tools` has the JSON schemas of the arguments of the graph's tools by their names.
    """
    if not isinstance(value, dict):
        return None
    if "action_requests" in value:
        calls = _listed(value["action_requests"], value.get("review_configs"), tools)
        return Review(calls, listed=True) if calls else None
    call = _single(value, schema, tools) if schema is not None else None
    return Review((call,), listed=False) if call else None


def reviewed_tools(value: Json) -> tuple[str, ...]:
    """Return the names of the tools whose calls a value asks about, as far as the value alone tells."""
    if not isinstance(value, dict):
        return ()
    requests = value.get("action_requests")
    calls = requests if isinstance(requests, list) else [value] if value.get("type") == "tool_approval" else []
    return tuple(str(call["name"]) for call in calls if isinstance(call, dict) and "name" in call)


def _listed(requests: Json, configs: Json, tools: Mapping[str, Mapping[str, Any]]) -> tuple[ReviewedCall, ...]:
    """Return the calls of a list with one rule each, or one for each tool; empty where one of them isn't complete."""
    if not isinstance(requests, list) or not isinstance(configs, list) or len(requests) > CALLS:
        return ()
    calls: list[ReviewedCall] = []
    for number, request in enumerate(requests):
        if not _is_call(request):
            return ()
        own = configs[number : number + 1] if len(configs) == len(requests) else []
        rules = [one for one in (*own, *configs) if isinstance(one, dict) and one.get("action_name") == request["name"]]
        allowed = _allowed(rules[0].get("allowed_decisions")) if rules else ()
        if not allowed:
            return ()
        name, args = request["name"], request["args"]
        schema = _args_schema((rules[0].get("args_schema"), tools.get(name)), args)
        calls.append(ReviewedCall(name, args, str(request.get("description") or ""), allowed, schema))
    return tuple(calls)


def _is_call(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and isinstance(value.get("args"), dict)


def _allowed(given: Json) -> tuple[Decision, ...]:
    return tuple(one for one in DECISIONS if one in given) if isinstance(given, list) else ()


def _single(value: Mapping[str, Json], schema: Schema, tools: Mapping[str, Mapping[str, Any]]) -> ReviewedCall | None:
    branches = _branches(schema)
    if not branches or not _is_call(value):
        return None
    edited = _property(_property(branches.get("edit", {}), "edited_action", schema), "args", schema)
    definitions = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    return ReviewedCall(
        value["name"],
        value["args"],
        str(value.get("description") or ""),
        tuple(one for one in DECISIONS if one in branches),
        _args_schema(({**edited, **definitions}, tools.get(value["name"])), value["args"]),
        needs_reason="message" in branches.get("reject", {}).get("required", ()),
    )


def _branches(schema: Schema) -> dict[Decision, Schema]:
    """Return what the schema of an answer says of each decision; empty where the answer may be something else."""
    branches: dict[Decision, Schema] = {}
    for option in schema.get("oneOf") or schema.get("anyOf") or [schema]:
        branch = _resolved(option, schema)
        kind = _property(branch, "type", schema)
        named = [kind["const"]] if "const" in kind else kind.get("enum", [])
        if len(named) != 1 or named[0] not in DECISIONS:
            return {}
        branches[named[0]] = branch
    return branches


def _property(of: Schema, name: str, schema: Schema) -> Schema:
    return _resolved(of.get("properties", {}).get(name), schema)


def _resolved(given: Any, schema: Schema) -> Schema:
    """Follow references into the schema's own definitions, as far as they lead."""
    seen: set[str] = set()
    while isinstance(given, dict) and isinstance(where := given.get("$ref"), str) and where not in seen:
        seen.add(where)
        place, _, name = where.removeprefix("#/").partition("/")
        given = schema.get(place, {}).get(name)
    return given if isinstance(given, dict) else {}


def _args_schema(given: Iterable[Any], args: Mapping[str, Json]) -> Schema:
    """Return the first of these schemas that names arguments and can be used, else one of the values' own types."""
    for schema in given:
        usable, _ = usable_schema(schema)
        if usable is not None and usable.get("properties"):
            return usable
    return {
        "type": "object",
        "properties": {name: _type_of(value) for name, value in args.items()},
        "required": [*args],
    }


def _type_of(value: Json) -> Schema:
    if isinstance(value, bool):
        return {"type": "boolean"}
    # A whole number doesn't tell that no other would do.
    kinds = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {}


def check_review(review: Review, answer: Json) -> None:
    """Check that an answer decides each call of a review as it may be decided; raises InvalidInput.

    The messages stand by the number of the call and what of its decision is at fault: `0.type`, `1.args.amount`.
    """
    given = review.decisions(answer)
    if given is None or len(given) != len(review.calls):
        number = "no list of decisions" if given is None else f"{len(given)} of them"
        raise InvalidInput(
            {
                "": f"There are {len(review.calls)} calls to decide on, and the answer has {number}. "
                "Give one decision for each call, in the order of the calls."
            }
        )
    wrong: dict[str, str] = {}
    for place, (call, decision) in enumerate(zip(review.calls, given, strict=True)):
        wrong |= {f"{place}.{name}": message for name, message in _faults(call, decision).items()}
    if wrong:
        raise InvalidInput(wrong)


def _faults(call: ReviewedCall, decision: Json) -> dict[str, str]:
    kind = decision.get("type") if isinstance(decision, dict) else None
    if kind not in call.allowed:
        return {"type": sentence(Fault("choice", call.allowed))}
    strange = sorted(map(str, decision.keys() - _PARTS[kind]))
    if strange:
        return {"type": sentence(Fault("unknown"), strange[0][:60])}
    return _edit_faults(call, decision) if kind == "edit" else _message_faults(call, kind, decision)


def _message_faults(call: ReviewedCall, kind: Decision, decision: Mapping[str, Json]) -> dict[str, str]:
    if kind not in MESSAGES:
        return {}
    needed = kind == "respond" or call.needs_reason
    message = decision.get("message")
    if message is None and "message" not in decision:
        return {"message": sentence(Fault("empty"), MESSAGES[kind])} if needed else {}
    if not isinstance(message, str):
        return {"message": sentence(Fault("empty" if message is None else "type", "string"), MESSAGES[kind])}
    return {"message": sentence(Fault("empty"), MESSAGES[kind])} if needed and blank(message) else {}


def _edit_faults(call: ReviewedCall, decision: Mapping[str, Json]) -> dict[str, str]:
    action: Json = decision.get("edited_action")
    if not _is_call(action) or action["name"] != call.name:
        return {"type": f"An edit changes the arguments of '{call.name[:80]}'; the tool stays the same one."}
    try:
        check_answer(call.schema, action["args"])
    except InvalidInput as error:
        return {f"args.{name}": message for name, message in error.fields.items()}
    return {}
