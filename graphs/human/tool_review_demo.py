"""Tool review, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from graphs.human.tool_review import ASSIST, build_each, build_together
from graphs.outcome import Ended, counted, euros
from graphs.pattern import Example, Family, Json, Lane, Pattern, Reply
from graphs.script import by_instruction

_SUM = r"(\d[\d,]*(?:\.\d+)?) ?€"
_PAY = re.compile(rf"pay (?:the )?invoice (\S+) over {_SUM}", re.IGNORECASE)
_MAIL = re.compile(r"mail (\S+@[\w.-]*\w)(?: that (.+?))?(?=\.|,| and |$)", re.IGNORECASE)
_ASK = re.compile(r"ask me (.+?)(?=\.|,| and |$)", re.IGNORECASE)
_HELP = (
    "I can do this: pay invoice A-17 over 1,200 €, mail anna@example.org that it's done, and ask me what is missing."
)


def _assist(asked: str, messages: Sequence[BaseMessage]) -> AIMessage:
    results = [*takewhile(lambda one: isinstance(one, ToolMessage), reversed(messages))][::-1]
    calls = [*_next_calls(asked, messages, results)] if results else [*_first_calls(asked)]
    if calls:
        numbered = enumerate(calls, 1)
        return AIMessage(
            "",
            tool_calls=[
                {"name": name, "args": args, "id": f"call-{len(messages)}-{number}"}
                for number, (name, args) in numbered
            ],
        )
    return AIMessage(_summary(messages) if results else _HELP)


def _first_calls(asked: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if wanted := _ASK.search(asked):
        yield "ask_person", {"question": f"Please tell me {wanted[1]}."}
        return
    for invoice, amount in _PAY.findall(asked):
        yield "pay_invoice", {"invoice": invoice, "euros": _number(amount)}
    for recipient, news in _MAIL.findall(asked):
        yield "send_mail", _mail(recipient, news or "News from the office")


def _next_calls(
    asked: str, messages: Sequence[BaseMessage], results: Sequence[BaseMessage]
) -> Iterator[tuple[str, dict[str, Any]]]:
    called = {call["id"]: call for one in messages if isinstance(one, AIMessage) for call in one.tool_calls}
    for result in results:
        assert isinstance(result, ToolMessage)
        call = called[result.tool_call_id]
        right = re.search(_SUM, result.text.partition("with reason:")[2])
        if call["name"] == "pay_invoice" and right:
            yield "pay_invoice", {**call["args"], "euros": _number(right[1])}
        if call["name"] == "ask_person":
            for recipient, _ in _MAIL.findall(asked):
                yield "send_mail", _mail(recipient, result.text)


def _mail(recipient: str, news: str) -> dict[str, Any]:
    said = news.strip().rstrip(".")
    said = f"{said[:1].upper()}{said[1:]}"
    return {"recipient": recipient, "subject": said[:100], "body": f"Hello,\n\n{said}.\n\nKind regards"}


def _number(amount: str) -> float:
    return float(amount.replace(",", ""))


def _summary(messages: Sequence[BaseMessage]) -> str:
    results = [one for one in messages if isinstance(one, ToolMessage)]
    ran = sum(one.status == "success" for one in results)
    return f"{ran} of {counted(len(results), 'call')} came to a result. There is nothing more to do."


def _outcome(ended: Ended) -> str:
    paid = f"Paid {euros(sum(row['cents'] for row in ended.ledger))}" if ended.ledger else ""
    mails = f"{'sent' if paid else 'Sent'} {counted(len(ended.outbox), 'mail')}" if ended.outbox else ""
    did = " and ".join(filter(None, (paid, mails))) or "Nothing paid or sent"
    if ended.failed:
        return f"{did}, stopped by an error"
    results = [one for one in ended.values["messages"] if isinstance(one, ToolMessage)]
    rejected = sum(one.status == "error" for one in results)
    return f"{did}, {counted(rejected, 'call')} rejected" if rejected else did


YES = {"type": "approve"}


def _no(reason: str) -> dict[str, Json]:
    return {"type": "reject", "message": reason}


def _edited(tool: str, **args: Json) -> dict[str, Json]:
    return {"type": "edit", "edited_action": {"name": tool, "args": args}}


def _together(*decisions: Json) -> Reply:
    return Reply({"decisions": [*decisions]})


_LESS = _edited("pay_invoice", invoice="A-17", euros=1000)
_AWAY = _no("Anna is on leave until Monday.")
_RIGHT_SUM = _no("The invoice says 980 €.")
_SUBJECT = {"type": "respond", "message": "We move on 3 May"}
_PAY_AND_MAIL = "Pay invoice A-17 over 1,200 € and mail anna@example.org that it's paid."
_ASK_FIRST = "Ask me what the mail should say, and mail tom@example.org."

PATTERN = Pattern(
    slug="tool-review",
    title="Tool review",
    family=Family.HUMAN,
    summary="An agent's tool calls wait, and a person approves, edits, rejects or answers each before it runs.",
    watch=(
        "The ledger and the outbox get what was approved or edited, and nothing of what was rejected.",
        "*One question for all* takes its decisions in one answer, as a list in the order of the calls.",
        "*One question a call* shows a question for each call: answer one and its tool runs, while the others wait.",
        "A rejection goes back to the agent with its reason, which may propose another call: a second round.",
    ),
    sources=("SP 3.3", "HN 2"),
    lanes=(
        Lane(
            "together",
            "One question for all",
            "Stops once after the model has spoken; the answer lists a decision for each call.",
            build_together,
            outcome=_outcome,
        ),
        Lane(
            "each",
            "One question a call",
            "Stops in each call; each has a question of its own, with the schema of its answer.",
            build_each,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Both approved",
            {"request": _PAY_AND_MAIL},
            {"together": (_together(YES, YES),), "each": (Reply(YES),)},
        ),
        Example(
            "One edited, the other rejected",
            {"request": _PAY_AND_MAIL},
            {
                "together": (_together(_LESS, _AWAY),),
                "each": (Reply(_AWAY, by_tool={"pay_invoice": _LESS}),),
            },
        ),
        Example(
            "Rejected with the right sum, and approved in the second round",
            {"request": "Pay invoice B-4 over 890 €."},
            {"together": (_together(_RIGHT_SUM), _together(YES)), "each": (Reply(_RIGHT_SUM), Reply(YES))},
        ),
        Example(
            "The agent asks, and mails the answer",
            {"request": _ASK_FIRST},
            {"together": (_together(_SUBJECT), _together(YES)), "each": (Reply(_SUBJECT), Reply(YES))},
        ),
        Example(
            "Everything rejected",
            {"request": _PAY_AND_MAIL},
            {"together": (_together(_no(""), _AWAY),), "each": (Reply(_AWAY),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({ASSIST: _assist}),
    tables=("ledger", "outbox"),
)
