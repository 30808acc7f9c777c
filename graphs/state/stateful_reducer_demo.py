"""Stateful reducer, as the lab shows it: texts, examples and outcomes."""

from graphs.outcome import Ended
from graphs.pattern import Comparison, Example, Family, Harm, Lane, Pattern, Replay, WayBack
from graphs.script import by_instruction
from graphs.state.stateful_reducer import build_pure, build_stateful


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "No average, stopped by an error"
    shown, true = _figure(ended.values["by_reducer"]), _figure(ended.values["true_mean"])
    if ended.values["agree"]:
        return f"Average {true}, as it should be"
    if shown == true:
        shown, true = str(ended.values["by_reducer"]), str(ended.values["true_mean"])
    return f"Average {shown}, should be {true}: other numbers leaked in"


def _wrong(ended: Ended) -> int:
    return int(not ended.failed and not ended.values["agree"])


def _figure(number: float) -> str:
    if number and abs(number) < 0.01:
        return f"{number:.3g}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")


PATTERN = Pattern(
    slug="stateful-reducer",
    title="Stateful reducer",
    family=Family.STATE,
    summary="A running average by a reducer object that remembers and by a pure function, in two threads and a replay.",
    watch=(
        "Run once more with other numbers: that's a second thread, and *Object with memory* averages both together.",
        "Replay the checkpoint before `add`: *Object with memory* counts its numbers again, *Pure function* doesn't.",
        "`check` works out the true mean from the numbers in the state, so each thread says itself whether it's right.",
        "The table below the lanes lists your newest threads: those of *Object with memory* depend on what ran before.",
    ),
    sources=("EV 1",),
    lanes=(
        Lane(
            "stateful",
            "Object with memory",
            "The reducer is an object that counts and adds up by itself; the state gets only the result.",
            build_stateful,
            outcome=_outcome,
            trap="The graph is compiled once and serves all threads of all visitors of this process, and its reducer "
            "with it: numbers leak from thread to thread and into replays, and a restart forgets them all.",
            harm=Harm("Wrong averages", _wrong, cure="pure", example=2),
            travel=Replay(),
        ),
        Lane(
            "pure",
            "Pure function",
            "The reducer adds up two values of `n` and `sum`; all that it knows is in the state.",
            build_pure,
            outcome=_outcome,
            travel=Replay(),
        ),
    ),
    examples=(
        Example("One thread", {"numbers": "10, 20, 30"}),
        Example(
            "A second thread",
            {"numbers": "10"},
            dict.fromkeys(("stateful", "pure"), (Comparison({"numbers": "100"}),)),
        ),
        Example(
            "A second thread and a replay of the first",
            {"numbers": "10"},
            dict.fromkeys(("stateful", "pure"), (Comparison({"numbers": "100"}), WayBack("add"))),
        ),
        Example("A word among the numbers", {"numbers": "10, twenty, 30"}, unhappy=True),
    ),
    script=by_instruction({}),
    compares=("numbers", "by_reducer", "true_mean", "agree"),
)
