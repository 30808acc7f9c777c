"""Durable task, as the lab shows it: texts, examples and outcomes."""

from graphs.outcome import Ended, euros, times
from graphs.pattern import Example, Family, Go, Harm, Lane, Pattern, Reply
from graphs.resilience.durable_task import build_in_node, build_retry_around, build_task
from graphs.script import by_instruction

_YES, _NO = Reply({"confirm": "yes"}), Reply({"confirm": "no"})


def _answered(reply: Reply) -> dict[str, tuple[Reply, ...]]:
    return dict.fromkeys(("in-node", "retry-around", "task"), (reply,))


def _outcome(ended: Ended) -> str:
    paid = sum(row["cents"] for row in ended.ledger)
    charged = f"{times(len(ended.ledger))}: {euros(paid)}"
    if ended.failed:
        return f"Paid {charged}, stopped by an error" if ended.ledger else "Nothing paid, stopped by an error"
    if not ended.values["confirmed"]:
        return f"Declined, yet paid {charged}" if ended.ledger else "Declined, nothing paid"
    if not ended.ledger:
        return "Confirmed, but this thread paid nothing"
    due = round(ended.values["amount"] * 100)
    if paid != due:
        return f"Paid {charged}, should be {euros(due)}"
    shown = {question["order"] for question in ended.questions}
    unseen = shown and not {row["order"] for row in ended.ledger} <= shown
    return f"Paid {charged}, but for an order that nobody was shown" if unseen else f"Paid {charged}"


def _too_many(ended: Ended) -> int:
    return len(ended.ledger) - 1


def _unseen(ended: Ended) -> int:
    shown = {question["order"] for question in ended.questions}
    return sum(row["order"] not in shown for row in ended.ledger)


PATTERN = Pattern(
    slug="durable-task",
    title="Durable task",
    family=Family.RESILIENCE,
    summary="One order that is shown, confirmed and paid once, whatever fails, waits or dies in between.",
    watch=(
        "The question names an order; the ledger should have that order, once, and nothing else.",
        "A node runs again from its top after an interrupt, so a plain call makes a second order number.",
        "A task's result is kept over interrupt and crash, but a retry around it runs it again.",
        "With its own retry a task alone is tried again, and the order number stays what it was.",
        "The idempotency key is the order's number: it helps only where the number stays the same.",
        "Killed after the charge, the traps ask again what has been paid already; the cure's answer is saved by then.",
    ),
    sources=("HN 3",),
    lanes=(
        Lane(
            "in-node",
            "Side effects in the node",
            "Calls every step directly, with the retry on the node.",
            build_in_node,
            outcome=_outcome,
            trap="Each retry and each answer starts the node over: every pass makes a new order and charges for it.",
            harm=Harm("Charges too many", _too_many, cure="task", example=1),
        ),
        Lane(
            "retry-around",
            "Retry around tasks",
            "Makes every step a task, and leaves the retry on the node.",
            build_retry_around,
            outcome=_outcome,
            trap="After a failure the person is shown one order and the answer pays others, one for each try.",
            harm=Harm("Orders paid that nobody was shown", _unseen, cure="task", example=1),
        ),
        Lane(
            "task",
            "Task with its own retry",
            "Gives the retry to each task and not to its node, and pays in a node after the question.",
            build_task,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "A quiet day",
            {"item": "Desk lamp", "amount": 49.9, "failures": 0, "crash": "never"},
            _answered(_YES),
        ),
        Example(
            "Gateway and bank fail once",
            {"item": "Office chair", "amount": 289, "failures": 1, "crash": "never"},
            _answered(_YES),
            unhappy=True,
        ),
        Example(
            "Gateway and bank fail twice",
            {"item": "Standing desk", "amount": 640.5, "failures": 2, "crash": "never"},
            _answered(_YES),
            unhappy=True,
        ),
        Example(
            "Declined",
            {"item": "Espresso machine", "amount": 1290, "failures": 1, "crash": "never"},
            _answered(_NO),
            unhappy=True,
        ),
        Example(
            "Killed right after the charge",
            {"item": "Headphones", "amount": 199, "failures": 0, "crash": "after-charge"},
            {"in-node": (_YES, _YES), "retry-around": (_YES, _YES), "task": (_YES, Go())},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
    crash_field="crash",
)
