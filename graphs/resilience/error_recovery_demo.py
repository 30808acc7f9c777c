"""Error recovery, as the lab shows it: texts, examples and outcomes."""

from collections.abc import Mapping, Sequence

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted, euros
from graphs.pattern import Example, Family, Json, Lane, Pattern
from graphs.resilience.error_recovery import build
from graphs.script import by_instruction

NODES = ("process", "recover", "succeed", "fail")


def _outcome(ended: Ended) -> str:
    history, repairs = ended.values.get("history", ()), ended.values.get("repairs", ())
    after = f"after {counted(len(history), 'attempt')}"
    if ended.failed or not history:
        return "Stopped by an error that nobody handled"
    if history[-1]["error"]:
        return f"Nothing read, given up {after}"
    left_out = sum(one["did"].startswith("Left row") for one in repairs)
    without = f", {counted(left_out, 'row')} left out" if left_out else ""
    return f"Goods worth {euros(ended.values['cents'])} read {after}{without}"


def _figures(happened: Happened) -> Sequence[Figure | States]:
    steps = [step for step in happened.steps if step.path[-1] in NODES]
    failed = sum(len(step.failed_attempts) for step in steps)
    return (
        States("Now", NODES, steps[-1].path[-1] if steps else ""),
        Figure("Attempts", str(sum(step.path[-1] == "process" for step in steps))),
        Figure("Failed", str(failed), alarming=failed > 0),
        Figure("Repairs", str(sum(step.path[-1] == "recover" and step.status == "done" for step in steps))),
    )


def _input(rows: Sequence[str], limit: int, failures: int = 0, failure: str = "connection lost") -> Mapping[str, Json]:
    return {"rows": "\n".join(rows), "limit": limit, "failures": failures, "failure": failure}


_LAMPS = ("Desk lamp; 12; 24.90", "Floor lamp; 3; 119.00")

PATTERN = Pattern(
    slug="error-recovery",
    title="Error recovery",
    family=Family.RESILIENCE,
    summary="A list of goods is read: errors are handled, repaired and tried again up to a limit, or end in a failure.",
    watch=(
        "The history in the state has each attempt with its error; the repairs say what was done before the next one.",
        "A row that can't be read is repaired, and left out where no repair is known.",
        "A service that failed is waited for; one that says no isn't asked again.",
        "At the limit, or with no row left, the failure path ends the run, and nothing of the list is taken.",
    ),
    sources=("AA 4.2",),
    lanes=(
        Lane(
            "recovery",
            "Process, handle, recover",
            "Sends each error by its handler to a repair, or to the failure path.",
            build,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example(
            "Two rows to repair",
            _input((*_LAMPS, "Wall lamp; a dozen; 35,50 €", "Bulb | 200 pcs | 2,10"), 4),
            unhappy=True,
        ),
        Example("Nothing goes wrong", _input(_LAMPS, 3)),
        Example("The warehouse is away for a while", _input(_LAMPS, 4, 2), unhappy=True),
        Example("A row that nobody understands", _input((*_LAMPS, "some lamps, cheap"), 3), unhappy=True),
        Example("More goes wrong than the limit allows", _input(_LAMPS, 3, 8, "timeout"), unhappy=True),
        Example("The warehouse says no", _input(_LAMPS, 5, 8, "rejected"), unhappy=True),
    ),
    script=by_instruction({}),
)
