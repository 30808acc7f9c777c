"""Breakpoints, as the lab shows it: texts, examples and outcomes."""

from graphs.human.breakpoints import build, run_to_pause
from graphs.outcome import Ended
from graphs.pattern import Breakpoints, Edit, Example, Family, Go, Lane, Pattern
from graphs.script import by_instruction


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "No result, stopped by an error"
    given, result = ended.inputs[0]["value"], ended.values["value"]
    steps = [tuple(map(int, line.partition(": ")[2].split(" -> "))) for line in ended.values["history"]]
    # What a step begins with is what the one before it ended with, unless somebody wrote another value in between.
    ends, begins = [given, *(end for _, end in steps)], [*(begin for begin, _ in steps), result]
    written = [begin for end, begin in zip(ends, begins, strict=True) if begin != end]
    by_hand = f"{written[0]:,}" if len(written) == 1 else f"{len(written)} values"
    return f"{given:,} became {result:,}{f', with {by_hand} put in by hand' if written else ''}"


PATTERN = Pattern(
    slug="breakpoints",
    title="Breakpoints",
    family=Family.HUMAN,
    summary="Three steps of arithmetic that can be stopped before or after any of them, looked into and changed.",
    watch=(
        "Nothing in the graph asks for a pause: you choose the places, and the next run can have others.",
        "At a pause the state is saved, so it can be read, changed and continued later.",
        "A value written at the pause is what the next step works on; the steps before it don't run again.",
    ),
    sources=("EV 5", "SP 3.2"),
    lanes=(
        Lane(
            "steps",
            "Three steps",
            "Doubles, adds ten, then divides by three and drops the rest.",
            build,
            run=run_to_pause,
            outcome=_outcome,
            edits=("value",),
        ),
    ),
    examples=(
        Example("5 straight through", {"value": 5}),
        Example(
            "100 injected after the second step",
            {"value": 5},
            {"steps": (Edit({"value": 100}), Go())},
            Breakpoints(after=("b",)),
        ),
        Example(
            "Step by step",
            {"value": 12},
            {"steps": (Go(), Go(), Go())},
            Breakpoints(before=("a", "b", "c")),
        ),
        Example(
            "Changed before anything ran",
            {"value": 5},
            {"steps": (Edit({"value": -7}), Go())},
            Breakpoints(before=("a",)),
        ),
        Example(
            "A value put in at each of two pauses",
            {"value": 5},
            {"steps": (Edit({"value": 1_000_000}), Go(), Edit({"value": 30}), Go())},
            Breakpoints(before=("b", "c")),
        ),
        Example("Left standing at a pause", {"value": 5}, {}, Breakpoints(before=("c",)), unhappy=True),
    ),
    script=by_instruction({}),
    choose_breakpoints=True,
)
