"""What a person does in an example after its start: as a list of steps, and to prefill the forms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from graphs.pattern import Comparison, Edit, Example, Go, Lane, Pattern, Recover, Reply, Restart, Step, Turn, WayBack
from lab.jsonable import Json
from lab.state import Field, values_text
from ui.common import code, literal
from ui.graph import lane_input_fields, lane_state_fields

LONG = 160
"""Characters of a value that the list tells."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What an example fills a form in with, and the words that say so; empty where it fills in nothing."""

    values: Mapping[str, Json]
    note: str
    to: str = ""
    """The node before which it goes back."""


NOTHING = Filled({}, "")


def filled(example: Example | None, step: Step | None, kind: type[Reply | Edit | WayBack]) -> Filled:
    """Return what the next step of an example fills in a form with that is for this kind of step."""
    if example is None or not isinstance(step, kind):
        return NOTHING
    note = f"Filled in as in the example “{literal(example.label, 80)}”; you can change it."
    if isinstance(step, Reply):
        return Filled(step.value if isinstance(step.value, dict) else {"answer": step.value}, f"{_part(step)}{note}")
    if isinstance(step, Edit):
        return Filled(step.values, f"{_part(step)}{note}")
    return Filled(step.values, note, step.to)


def _part(step: Reply | Edit) -> str:
    return f"You are the {literal(step.who)} here. " if step.who else ""


def in_words(pattern: Pattern, example: Example) -> list[str]:
    """Return what a person does in the example, as Markdown, a line a lane or one for all that do the same."""
    lines = {lane.title: _line(pattern, lane, example) for lane in pattern.lanes if example.steps.get(lane.key)}
    if len(lines) == len(pattern.lanes) and len(set(lines.values())) == 1:
        return [next(iter(lines.values()))]
    return [f"**{literal(title)}**: {line}" for title, line in lines.items()]


def _line(pattern: Pattern, lane: Lane, example: Example) -> str:
    parts = [(text, len(list(alike))) for text, alike in groupby(_step_texts(pattern, lane, example))]
    return ", then ".join(f"{text} {times} times" if times > 1 else text for text, times in parts)


def _step_texts(pattern: Pattern, lane: Lane, example: Example) -> Iterator[str]:
    steps = example.steps[lane.key]
    for number, step in enumerate(steps):
        match step:
            case Reply(value, who):
                yield f"{_as(who)}answer {_values(value if isinstance(value, dict) else {'answer': value})}"
            case Edit(values, who):
                yield f"{_as(who)}write {_values(values, lane_state_fields(pattern.slug, lane.key))}"
            case Go():
                bare = number == 0 and not example.breakpoints
                yield "press *Resume* with nothing written" if bare else "press *Resume*"
            case Turn(values):
                yield f"send {_values(values, lane_input_fields(pattern.slug, lane.key))}"
            case Restart():
                yield "press *Simulate a restart*"
            case Recover(nothing_saved):
                yield "press *Restart from the beginning*" if nothing_saved else "press *Resume*"
            case Comparison(values):
                given = _values(values, lane_input_fields(pattern.slug, lane.key))
                yield f"run once more with {given}, which is a second thread, and show the first one again"
            case WayBack(to, values):
                written = f" and write {_values(values, lane_state_fields(pattern.slug, lane.key))}" if values else ""
                yield f"go back to before {code(to)}{written}"


def _as(who: str) -> str:
    return f"as the {literal(who)} " if who else ""


def _values(values: Mapping[str, Json], fields: Sequence[Field] = ()) -> str:
    text = values_text(values, fields, titled=len(fields) != 1)
    return f"“{literal(text.replace(chr(10), ', '), LONG)}”"
