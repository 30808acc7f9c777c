"""Event-driven agent, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from graphs.human.event_driven_agent import PLAN, SENSITIVE, build_flag, build_interrupt, run_flag
from graphs.outcome import Ended, counted, times
from graphs.pattern import Edit, Example, Family, Go, Harm, Json, Lane, Pattern, Reply, Turn
from graphs.script import by_instruction

_END = r"(?=\.(?:\s|$)|,? and |$)"
_ADDRESS = r"(\S+@[\w.-]*\w)"
_LOOK_UP = re.compile(rf"look up (.+?){_END}", re.IGNORECASE)
_MAIL_IT = re.compile(rf"mail it to {_ADDRESS}", re.IGNORECASE)
_MAIL = re.compile(rf"mail {_ADDRESS} that (.+?){_END}", re.IGNORECASE)
_SET = re.compile(rf"set the (address|phone) of (C-\d+) to (.+?){_END}", re.IGNORECASE)
_HELP = (
    "I can do this: look up how returns work, mail it to anna@example.org, mail tom@example.org that his lamp is "
    "ready, and set the phone of C-100 to +44 131 496 0999."
)

Calls = Iterator[tuple[str, dict[str, Any]]]


def _plan(asked: str, messages: Sequence[BaseMessage]) -> AIMessage:
    turn = [*takewhile(lambda one: not isinstance(one, HumanMessage), reversed(messages))][::-1]
    results = [one for one in turn if isinstance(one, ToolMessage)]
    calls = [*_next_calls(asked, turn)] if results else [*_first_calls(asked)]
    if not calls:
        return AIMessage(_sum_up(results) if results else _HELP)
    numbered = [
        {"name": name, "args": args, "id": f"call-{len(messages)}-{number}"}
        for number, (name, args) in enumerate(calls, 1)
    ]
    return AIMessage("", tool_calls=numbered)


def _first_calls(asked: str) -> Calls:
    for wanted in _LOOK_UP.findall(asked):
        yield "search_documents", {"query": wanted}
    for field, customer, value in _SET.findall(asked):
        yield "update_record", {"customer": customer, "field": field.lower(), "value": value}
    for recipient, news in _MAIL.findall(asked):
        yield "send_mail", _mail(recipient, news)


def _next_calls(asked: str, turn: Sequence[BaseMessage]) -> Calls:
    planned = [one for one in turn if isinstance(one, AIMessage)]
    called = {call["id"]: call for one in planned for call in one.tool_calls}
    newest = [*takewhile(lambda one: isinstance(one, ToolMessage), reversed(turn))][::-1]
    for result in newest:
        assert isinstance(result, ToolMessage)
        call = called[result.tool_call_id]
        right = re.search(_ADDRESS, result.text.partition("with reason:")[2])
        if call["name"] == "send_mail" and right:
            yield "send_mail", {**call["args"], "recipient": right[1]}
        if call["name"] == "search_documents":
            for recipient in _MAIL_IT.findall(asked):
                yield "send_mail", _mail(recipient, result.text)


def _mail(recipient: str, news: str) -> dict[str, Any]:
    said = news.strip().rstrip(".")
    said = f"{said[:1].upper()}{said[1:]}"
    return {
        "recipient": recipient,
        "subject": said.partition(":")[0][:60],
        "body": f"Hello,\n\n{said}.\n\nKind regards",
    }


def _sum_up(results: Sequence[ToolMessage]) -> str:
    texts = [one.text for one in results if one.name == "search_documents"]
    done, left = _names(results, "success"), _names(results, "error")
    lines = (f"Done: {done}." if done else "Nothing was done.", f"Not done: {left}." if left else "", *texts)
    return "\n\n".join(filter(None, lines))


def _names(results: Sequence[ToolMessage], status: str) -> str:
    return ", ".join(dict.fromkeys(str(one.name) for one in results if one.status == status))


def _outcome(ended: Ended) -> str:
    mails = f"sent {counted(len(ended.outbox), 'mail')}" if ended.outbox else ""
    changes = f"changed {counted(len(ended.records), 'record')}" if ended.records else ""
    did = " and ".join(filter(None, (mails, changes))) or "nothing sent or changed"
    did = f"{did[0].upper()}{did[1:]}"
    if ended.failed:
        return f"{did}, stopped by an error"
    results = [one for one in ended.values["messages"] if isinstance(one, ToolMessage)]
    left = sum(one.status == "error" for one in results)
    return f"{did}, {counted(left, 'call')} not run" if left else did


def _unasked(ended: Ended) -> int:
    """Count how often something ran without a yes of its own."""
    messages = ended.values.get("messages", ())
    ran = {one.tool_call_id for one in messages if isinstance(one, ToolMessage) and one.status == "success"}
    planned = [one.tool_calls for one in messages if isinstance(one, AIMessage)]
    acted = sum(any(call["name"] in SENSITIVE and call["id"] in ran for call in calls) for calls in planned)
    return max(0, acted - sum(bool(edit.get("approved")) for edit in ended.edits))


def _flag_outcome(ended: Ended) -> str:
    """Say as well how often something ran without a yes of its own."""
    unasked = _unasked(ended)
    return f"{_outcome(ended)}, {times(unasked)} without a yes of its own" if unasked else _outcome(ended)


YES = {"type": "approve"}
_NO = {"type": "reject", "message": "Nobody has asked for that."}
_RIGHT_ADDRESS = {"type": "reject", "message": "He has moved to bob@example.org"}
_RIGHT_STREET: Json = {
    "type": "edit",
    "edited_action": {
        "name": "update_record",
        "args": {"customer": "C-101", "field": "address", "value": "4 Mill Lane, York YO1 7AB"},
    },
}
_TICK = Edit({"approved": True})

PATTERN = Pattern(
    slug="event-driven-agent",
    title="Event-driven agent",
    family=Family.HUMAN,
    summary="An agent plans tool calls, waits for a person before those that act, runs or cancels them, and sums up.",
    watch=(
        "In the second turn *Approval as a flag* runs on the yes of the first one, as soon as somebody resumes it.",
        "*Approval by interrupt* asks about each call by itself: no answer is left over for another call.",
        "Looking something up needs nobody's leave; mails and changes of records wait.",
        "The outbox and the records get what ran, and a rejection's reason can lead to a call that's asked about anew.",
    ),
    sources=("EV all together",),
    lanes=(
        Lane(
            "flag",
            "Approval as a flag",
            "Stops before what acts; a person ticks a field of the state, which an edge reads.",
            build_flag,
            trap="The field is never cleared, so that the next turn is approved before anybody has seen what it does.",
            harm=Harm(
                "Mails nobody approved", lambda ended: 0 if ended.questions else _unasked(ended), cure="interrupt"
            ),
            run=run_flag,
            outcome=_flag_outcome,
            edits=("approved",),
        ),
        Lane(
            "interrupt",
            "Approval by interrupt",
            "Each call that acts asks by interrupt, and is approved, edited or rejected by the answer to it.",
            build_interrupt,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "A second turn that nobody approves",
            {"request": "Mail anna@example.org that her lamp is ready."},
            {
                "flag": (_TICK, Go(), Turn({"request": "Mail all@example.org that the shop closes for good."}), Go()),
                "interrupt": (
                    Reply(YES),
                    Turn({"request": "Mail all@example.org that the shop closes for good."}),
                    Reply(_NO),
                ),
            },
            unhappy=True,
        ),
        Example(
            "Looked up, then mailed",
            {"request": "Look up how returns work, and mail it to anna@example.org."},
            {"flag": (_TICK, Go()), "interrupt": (Reply(YES),)},
        ),
        Example(
            "Two at once, one edited and one rejected",
            {"request": "Set the address of C-101 to 4 Mill Lane, York and mail tom@example.org that we come by."},
            {"flag": (_TICK, Go()), "interrupt": (Reply(_NO, by_tool={"update_record": _RIGHT_STREET}),)},
        ),
        Example(
            "Rejected with the right address, and approved in the second round",
            {"request": "Mail bob@example.com that his chair has come."},
            {"flag": (Go(),), "interrupt": (Reply(_RIGHT_ADDRESS), Reply(YES))},
        ),
        Example("Only looked up", {"request": "Look up the warranty of lamps."}),
        Example(
            "Everything cancelled",
            {"request": "Set the phone of C-100 to +44 131 496 0999 and mail anna@example.org that it's changed."},
            {"flag": (Go(),), "interrupt": (Reply(_NO),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({PLAN: _plan}),
    turns=True,
    tables=("outbox", "records"),
)
