"""Crash recovery, as the lab shows it: texts, examples and outcomes."""

from graphs.outcome import Ended, euros
from graphs.pattern import Example, Family, Harm, Lane, Pattern, Recover
from graphs.persistence.crash_recovery import build, run_async, run_exit, run_sync
from graphs.script import by_instruction

TOWN = "Kitchen, Warehouse, Sales, Office"
RECOVERED = {"exit": (Recover(nothing_saved=True),), "async": (Recover(),), "sync": (Recover(),)}


def _outcome(ended: Ended) -> str:
    paid = sum(row["cents"] for row in ended.ledger)
    if ended.failed:
        return f"Paid {euros(paid)}, stopped by an error" if paid else "Nothing paid, stopped by an error"
    if not ended.ledger:
        return "Finished, but this thread paid nothing"
    lost, supersteps = len(ended.values["lost"]), len(ended.values["paid"])
    due = supersteps * round(ended.values["wages"] * 100)
    if paid == due:
        return f"Paid everybody once: {euros(paid)}"
    before = f"Lost {lost or 'none'} of {supersteps} supersteps, paid" if paid > due else "Paid"
    return f"{before} {euros(paid)}, should be {euros(due)}"


def _lost(ended: Ended) -> int:
    return len(ended.values.get("lost", ()))


PATTERN = Pattern(
    slug="crash-recovery",
    title="Crash recovery",
    family=Family.PERSISTENCE,
    summary="A payroll whose process is killed in the middle: when a step is saved decides who is paid twice.",
    watch=(
        "Each payment is a superstep: what was saved when the process dies is not run again, all else is.",
        "With durability 'exit' nothing is saved before the end, so the killed thread has no checkpoint to go on from.",
        "With 'async' a step is saved while the next ones run: none or some of the newest are lost, as luck has it.",
        "With 'sync' no superstep is ever lost; only the node at work runs again, and pays again what it had booked.",
        "The last step counts from the ledger, whose rows outlive every process.",
    ),
    sources=("EV 2", "AP state recovery"),
    lanes=(
        Lane(
            "exit",
            "Durability exit",
            "Saves the state once, when the run ends.",
            build,
            trap="A killed process never gets to its end: every step is lost, and everybody is paid again.",
            harm=Harm("Supersteps lost", _lost, cure="sync", example=1),
            run=run_exit,
            outcome=_outcome,
        ),
        Lane(
            "async",
            "Durability async",
            "Saves each superstep in the background, while the next ones run.",
            build,
            run=run_async,
            outcome=_outcome,
        ),
        Lane(
            "sync",
            "Durability sync",
            "Saves each superstep before the next one begins.",
            build,
            run=run_sync,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("A quiet day", {"departments": TOWN, "wages": 12400, "crash": "never"}),
        Example(
            "Killed in the third step",
            {"departments": TOWN, "wages": 12400, "crash": "third"},
            RECOVERED,
            unhappy=True,
        ),
        Example(
            "Killed in the first step",
            {"departments": TOWN, "wages": 860, "crash": "first"},
            RECOVERED,
            unhappy=True,
        ),
        Example(
            "Killed in the last step",
            {"departments": "Harbour, Bakery", "wages": 3150.5, "crash": "last"},
            RECOVERED,
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger",),
    crash_field="crash",
)
