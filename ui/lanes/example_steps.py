"""What a person does in an example after its start: as a list of steps, and to prefill the forms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from graphs.pattern import (
    Comparison,
    Edit,
    Example,
    Go,
    Lane,
    Mend,
    Pattern,
    Recover,
    Reply,
    Restart,
    Step,
    Turn,
    Wait,
    WayBack,
)
from lab.history import Question, question_text
from lab.jsonable import Json
from lab.state import DECISIONS, Field, choice_text, value_text, values_text
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
    reply: Reply | None = None
    """The step that answers, where questions that wait together get answers of their own."""

    def of(self, question: Question) -> Mapping[str, Json]:
        """Return what the form of a question is filled in with."""
        if self.reply is None:
            return self.values
        if self.reply.node not in ("", question.node):
            return {}
        return _in_form(self.reply.answer(question.tool, question_text(question.value)))


NOTHING = Filled({}, "")

_MESSAGE = (Field("message", "Message"),)


def filled(example: Example | None, step: Step | None, kind: type[Reply | Edit | WayBack]) -> Filled:
    """Return what the next step of an example fills in a form with that is for this kind of step."""
    if example is None or not isinstance(step, kind):
        return NOTHING
    note = f"Filled in as in the example “{literal(example.label, 80)}”; you can change it."
    if isinstance(step, Reply):
        return Filled(_in_form(step.value), f"{_part(step)}{note}", reply=step)
    if isinstance(step, Edit):
        return Filled(step.values, f"{_part(step)}{note}")
    return Filled(step.values, note, step.to)


def _in_form(answer: Json) -> Mapping[str, Json]:
    return answer if isinstance(answer, dict) else {"answer": answer}


def _part(step: Reply | Edit) -> str:
    if step.person:
        return f"The example does it as {who_acts(step)}. "
    return f"You are {who_acts(step)} here. " if step.who else ""


def who_acts(step: Step) -> str:
    """Return who does a step of an example, as Markdown; empty where it's the same person all along."""
    if not isinstance(step, Reply | Edit):
        return ""
    return " ".join(filter(None, (f"the {literal(step.who)}" if step.who else "", literal(step.person))))


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
    for number, step in enumerate(example.steps[lane.key]):
        bare = isinstance(step, Go) and number == 0 and not example.breakpoints
        more = " with nothing written" if bare else ""
        more = ", and show the first one again" if isinstance(step, Comparison) else more
        yield f"{_as(step)}{_done(pattern, lane, step)}{more}"


def in_one_press(pattern: Pattern, lane: Lane, steps: Sequence[Step]) -> str:
    """Return what one press does of an example's steps, as Markdown."""
    return " and ".join(_done(pattern, lane, step) for step in steps)


def _done(pattern: Pattern, lane: Lane, step: Step) -> str:
    match step:
        case Reply():
            return _answered(step)
        case Edit(values, _):
            return f"write {_values(values, lane_state_fields(pattern.slug, lane.key))}"
        case Go() | Recover(nothing_saved=False):
            return "press *Resume*"
        case Turn(values):
            return f"send {_values(values, lane_input_fields(pattern.slug, lane.key))}"
        case Restart():
            return "press *Simulate a restart*"
        case Wait():
            return "let the deadline pass"
        case Recover():
            return "press *Restart from the beginning*"
        case Comparison(values):
            given = _values(values, lane_input_fields(pattern.slug, lane.key))
            return f"run once more with {given}, which is a second thread"
        case WayBack(_, values) if isinstance(lane.travel, Mend):
            return f"fork from the parent and write {_values(values, lane_state_fields(pattern.slug, lane.key))}"
        case WayBack(to, values):
            written = f" and write {_values(values, lane_state_fields(pattern.slug, lane.key))}" if values else ""
            return f"go back to before {code(to)}{written}"


def _answered(step: Reply) -> str:
    match step:
        case Reply(by_tool=decisions) if decisions:
            named = ", ".join(f"{_decided(one)} for {code(tool)}" for tool, one in decisions.items())
            return f"answer {named}, {_decided(step.value)} for the others"
        case Reply(by_word=answers) if answers:
            named = ", ".join(f"{_values(_in_form(one))} about “{literal(word)}”" for word, one in answers.items())
            return f"answer {named}, {_values(_in_form(step.value))} to the others"
        case Reply({"decisions": list(decisions)}):
            return f"answer {', '.join(map(_decided, decisions))}"
        case Reply({"type": kind}) if kind in DECISIONS:
            return f"answer {_decided(step.value)}"
    return f"answer {_values(_in_form(step.value))}"


def _decided(decision: Mapping[str, Json]) -> str:
    """Return a decision on a tool call as Markdown."""
    match decision:
        case {"type": "edit", "edited_action": {"args": dict(args)}}:
            return f"*Edit* to {_values(args)}"
        case {"type": kind, "message": str(message)} if message.strip():
            return f"*{choice_text(kind)}* with {_values({'message': message}, _MESSAGE)}"
    return f"*{choice_text(decision['type'])}*"


def _as(step: Step) -> str:
    who = who_acts(step)
    return f"as {who} " if who else ""


def _rows(value: Json) -> str:
    """Return the rows of a table in one line; empty where it's none."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return ""
    return "; ".join(" ".join(map(value_text, row.values())) for row in value)


def _values(values: Mapping[str, Json], fields: Sequence[Field] = ()) -> str:
    in_lines = {name: _rows(value) or value for name, value in values.items()}
    text = values_text(in_lines, fields, titled=len(fields) != 1)
    return f"“{literal(text.replace(chr(10), ', '), LONG)}”"
