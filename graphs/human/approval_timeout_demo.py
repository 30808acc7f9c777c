"""Approval timeout, as the lab shows it: texts, examples and outcomes."""

from datetime import datetime

from graphs.human.approval_timeout import build_expiring, build_waiting
from graphs.outcome import Ended, euros, short
from graphs.pattern import Example, Family, Lane, Pattern, Reply, Wait
from graphs.script import by_instruction


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "Nothing bought, stopped by an error"
    values = ended.values
    late = datetime.fromisoformat(values["decided_at"]) >= datetime.fromisoformat(values["deadline"])
    if values["decision"] == "expired":
        return "Expired: nothing bought, and the requester was told"
    if values["decision"] == "rejected":
        return f"Rejected {'too late' if late else 'in time'}: {short(values['reason'].rstrip('.'), 45)}"
    if not ended.ledger:
        return "Approved, and nothing was bought"
    if late:
        return "Bought after the deadline, when the price no longer held"
    return f"Approved in time, bought for {euros(ended.ledger[-1]['cents'])}"


_YES = Reply({"decision": "approved"})
_NO = Reply({"decision": "rejected", "reason": "The old one still works."})

PATTERN = Pattern(
    slug="approval-timeout",
    title="Approval timeout",
    family=Family.HUMAN,
    summary="A price holds for a few seconds: without a decision by then, the purchase expires by itself.",
    watch=(
        "The deadline stands in the state, made by the node before the question; the card counts down to it.",
        "Once it has passed, the question in *Expires* gets the answer that it names itself, and nobody is asked.",
        "It passes also while the server is down: stopped before and started after it, the lab expires the question "
        "at once.",
        "*Waits for ever* takes a yes at any time; in *Expires* a person's answer after the deadline is refused.",
    ),
    sources=("EV exercise 2",),
    lanes=(
        Lane(
            "waits",
            "Waits for ever",
            "Tells the deadline and leaves the question open, so that a late yes still buys.",
            build_waiting,
            outcome=_outcome,
        ),
        Lane(
            "expires",
            "Expires",
            "Names the answer that counts after the deadline, which the lab gives by itself.",
            build_expiring,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Approved in time",
            {"item": "Standing desk", "euros": 480, "seconds": 120},
            {"waits": (_YES,), "expires": (_YES,)},
        ),
        Example(
            "Rejected in time",
            {"item": "Espresso machine", "euros": 2300, "seconds": 120},
            {"waits": (_NO,), "expires": (_NO,)},
        ),
        Example(
            "Nobody answers",
            {"item": "Office chairs", "euros": 1250, "seconds": 10},
            {"waits": (Wait(),), "expires": (Wait(),)},
            unhappy=True,
        ),
        Example(
            "The yes comes too late",
            {"item": "Conference tickets", "euros": 890, "seconds": 10},
            {"waits": (Wait(), _YES), "expires": (Wait(),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger", "outbox"),
)
