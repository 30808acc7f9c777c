"""Expense approval, as the lab shows it: texts, examples and outcomes."""

from graphs.human.expense_approval import build_dynamic, build_static, run_static
from graphs.outcome import Ended, euros, times
from graphs.pattern import Edit, Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction

_YES = {"decision": "approved"}
_NO = {"decision": "rejected", "note": "Buy it through the IT department instead."}
_TOO_LATE = {"decision": "rejected", "note": "This year's budget is spent."}


def _outcome(ended: Ended) -> str:
    paid = sum(row["cents"] for row in ended.ledger)
    if ended.failed:
        return f"Paid {euros(paid)}, stopped by an error" if paid else "Nothing paid, stopped by an error"
    who = " and ".join(f"the {made['by']}" for made in ended.values["decisions"])
    if ended.values["status"] == "rejected":
        by = ended.values["decisions"][-1]["by"]
        return f"Rejected by the {by}, {f'yet paid {euros(paid)}' if paid else 'nothing paid'}"
    if not paid:
        return "Approved, but this thread paid nothing"
    due = ended.values["cents"]
    if paid != due:
        return f"Paid {times(len(ended.ledger))}: {euros(paid)}, should be {euros(due)}"
    return f"Paid {euros(paid)}, {f'approved by {who}' if who else 'nobody had to be asked'}"


PATTERN = Pattern(
    slug="expense-approval",
    title="Expense approval",
    family=Family.HUMAN,
    summary="A pause on every request, or a question only above 100 € for a manager and 1,000 € for a director.",
    watch=(
        "50 € waits for a manager in *Pause on every request* and is paid without a question in *Ask above the limit*.",
        "Above 1,000 € the director is asked after the manager; once the manager has said no, nobody is asked.",
        "A rejection needs a note: *Ask above the limit* checks it by the answer's schema, *Pause on every request* in "
        "the node.",
        "*Ask above the limit* takes an answer only from somebody with the role, who neither asked for it nor decided.",
        "The ledger gets one row for an approved expense, and none for a rejected one.",
    ),
    sources=("SP 3.4", "HN 1", "HN 2"),
    lanes=(
        Lane(
            "static",
            "Pause on every request",
            "Stops before each approver whatever the amount; the decision is written into the state.",
            build_static,
            run=run_static,
            outcome=_outcome,
            edits=("decision", "note"),
        ),
        Lane(
            "dynamic",
            "Ask above the limit",
            "Asks by interrupt, and only those who have to approve this amount.",
            build_dynamic,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Office supplies for 50 €",
            {"description": "Office supplies", "amount": 50, "requested_by": "Robin"},
            {"static": (Edit(_YES, "manager", person="Maya"), Go())},
        ),
        Example(
            "A conference ticket for 500 €",
            {"description": "Conference ticket", "amount": 500, "requested_by": "Robin"},
            {
                "static": (Edit(_YES, "manager", person="Maya"), Go()),
                "dynamic": (Reply(_YES, "manager", person="Maya"),),
            },
        ),
        Example(
            "A server for 2,000 €, approved by manager and director",
            {"description": "Build server", "amount": 2000, "requested_by": "Robin"},
            {
                "static": (Edit(_YES, "manager", person="Maya"), Go(), Edit(_YES, "director", person="Dana"), Go()),
                "dynamic": (Reply(_YES, "manager", person="Maya"), Reply(_YES, "director", person="Dana")),
            },
        ),
        Example(
            "A laptop for 2,000 €, the manager says no",
            {"description": "New laptop", "amount": 2000, "requested_by": "Robin"},
            {"static": (Edit(_NO, "manager", person="Maya"), Go()), "dynamic": (Reply(_NO, "manager", person="Maya"),)},
            unhappy=True,
        ),
        Example(
            "A trip for 1,000.01 €, the director says no",
            {"description": "Trip to a trade fair", "amount": 1000.01, "requested_by": "Robin"},
            {
                "static": (
                    Edit(_YES, "manager", person="Maya"),
                    Go(),
                    Edit(_TOO_LATE, "director", person="Dana"),
                    Go(),
                ),
                "dynamic": (Reply(_YES, "manager", person="Maya"), Reply(_TOO_LATE, "director", person="Dana")),
            },
            unhappy=True,
        ),
        Example(
            "Resumed with nothing decided",
            {"description": "Team lunch", "amount": 180, "requested_by": "Robin"},
            {"static": (Go(),)},
            unhappy=True,
        ),
        Example(
            "A manager's own ticket for 500 €, which another one decides on",
            {"description": "Conference ticket", "amount": 500, "requested_by": "Maya"},
            {
                "static": (Edit(_YES, "manager", person="Dana"), Go()),
                "dynamic": (Reply(_YES, "manager", person="Dana"),),
            },
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
)
