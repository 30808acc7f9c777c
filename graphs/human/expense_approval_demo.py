"""Expense approval, as the lab shows it: texts and examples."""

from graphs.human.expense_approval import build_dynamic, build_static, run_static
from graphs.pattern import Edit, Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction

_YES = {"decision": "approved"}
_NO = {"decision": "rejected", "note": "Buy it through the IT department instead."}
_TOO_LATE = {"decision": "rejected", "note": "This year's budget is spent."}

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
            edits=("decision", "note"),
        ),
        Lane(
            "dynamic",
            "Ask above the limit",
            "Asks by interrupt, and only those who have to approve this amount.",
            build_dynamic,
        ),
    ),
    examples=(
        Example(
            "Office supplies for 50 €",
            {"description": "Office supplies", "amount": 50},
            {"static": (Edit(_YES, "manager"), Go())},
        ),
        Example(
            "A conference ticket for 500 €",
            {"description": "Conference ticket", "amount": 500},
            {"static": (Edit(_YES, "manager"), Go()), "dynamic": (Reply(_YES, "manager"),)},
        ),
        Example(
            "A server for 2,000 €, approved by manager and director",
            {"description": "Build server", "amount": 2000},
            {
                "static": (Edit(_YES, "manager"), Go(), Edit(_YES, "director"), Go()),
                "dynamic": (Reply(_YES, "manager"), Reply(_YES, "director")),
            },
        ),
        Example(
            "A laptop for 2,000 €, the manager says no",
            {"description": "New laptop", "amount": 2000},
            {"static": (Edit(_NO, "manager"), Go()), "dynamic": (Reply(_NO, "manager"),)},
            unhappy=True,
        ),
        Example(
            "A trip for 1,000.01 €, the director says no",
            {"description": "Trip to a trade fair", "amount": 1000.01},
            {
                "static": (Edit(_YES, "manager"), Go(), Edit(_TOO_LATE, "director"), Go()),
                "dynamic": (Reply(_YES, "manager"), Reply(_TOO_LATE, "director")),
            },
            unhappy=True,
        ),
        Example(
            "Resumed with nothing decided",
            {"description": "Team lunch", "amount": 180},
            {"static": (Go(),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
)
