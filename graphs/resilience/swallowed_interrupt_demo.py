"""Swallowed interrupt, as the lab shows it: texts, examples and outcomes."""

from graphs.outcome import Ended, euros
from graphs.pattern import Example, Family, Harm, Lane, Pattern, Reply
from graphs.resilience.swallowed_interrupt import build_raised, build_swallowed
from graphs.script import by_instruction

_PAY, _REFUSE = Reply({"decision": "pay"}), Reply({"decision": "refuse"})


def _outcome(ended: Ended) -> str:
    paid = sum(row["cents"] for row in ended.ledger)
    if ended.failed:
        return f"Paid {euros(paid)}, stopped by an error" if paid else "Nothing paid, stopped by an error"
    asked = ended.values["decided_by"] == "a person"
    if not ended.values["approved"]:
        refused = "Refused by a person" if asked else "Held back, nobody was asked"
        return f"{refused}, {f'yet paid {euros(paid)}' if paid else 'nothing paid'}"
    if not paid:
        return "Approved, but this thread paid nothing"
    return f"Paid {euros(paid)}, {'approved by a person' if asked else 'nobody was asked'}"


def _unasked(ended: Ended) -> int:
    return 0 if ended.questions else len(ended.ledger)


PATTERN = Pattern(
    slug="swallowed-interrupt",
    title="Swallowed interrupt",
    family=Family.RESILIENCE,
    summary="A question inside a try: one handler catches it with the errors, the other lets it through to a person.",
    watch=(
        "*except Exception* never waits: the run goes on as if the question had failed, and small sums are paid.",
        "What it caught stands in the state as `error`: a `GraphInterrupt`, by which a node asks.",
        "*GraphBubbleUp first* asks about every invoice, small or large.",
        "Where the service is really down, both do the same: then the handler does what it's there for.",
    ),
    sources=("HN 1",),
    lanes=(
        Lane(
            "swallowed",
            "except Exception",
            "Catches whatever leaves the try, and decides without a person.",
            build_swallowed,
            outcome=_outcome,
            trap="An interrupt is raised as an exception, so that the handler catches the question: nobody is asked.",
            harm=Harm("Payments nobody was asked about", _unasked, cure="raised"),
        ),
        Lane(
            "raised",
            "GraphBubbleUp first",
            "Raises again what LangGraph leaves a node by, and handles errors alone.",
            build_raised,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "A small invoice, approved",
            {"supplier": "Corner bakery", "amount": 64.5, "down": False},
            {"raised": (_PAY,)},
        ),
        Example(
            "A large invoice, approved",
            {"supplier": "Print shop", "amount": 1480, "down": False},
            {"raised": (_PAY,)},
        ),
        Example(
            "A small invoice that a person refuses",
            {"supplier": "Fake Ltd", "amount": 89, "down": False},
            {"raised": (_REFUSE,)},
            unhappy=True,
        ),
        Example(
            "The service of the scores is down",
            {"supplier": "Office supplies", "amount": 75, "down": True},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
)
