"""Verbs for tests of pages without a browser: what is opened, pressed and read, found by the key of the widget."""

import re
from collections.abc import Mapping
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

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
from lab.jsonable import Json
from lab.lab import open_lab
from lab.workspace_cookie import LOCAL
from tests.support.expiring import pass_deadlines
from tests.support.project import ROOT

MAIN = ROOT / "ui" / "main.py"
WIDGETS = ("text_input", "text_area", "number_input", "toggle", "segmented_control", "selectbox", "pills")


def open_page(path: str = "", at: AppTest | None = None, **address: str) -> AppTest:
    """Open a page by its path and query parameters, in a session of its own or in that of `at`."""
    # One that hasn't run yet counts as false.
    app = AppTest.from_file(MAIN, default_timeout=60) if at is None else at
    for name, value in address.items():
        app.query_params[name] = value
    # `switch_page` knows only pages that are files; the router's are functions, which it tells apart by their path.
    app._page_hash = calc_hash(path)
    app.run()
    well(app)
    return app


def well(at: AppTest) -> None:
    """Fail where the page's script raised something."""
    assert not at.exception, [found.message for found in at.exception]


def press(at: AppTest, key: str) -> None:
    """Press the button of this key and wait until all runs that it started have ended."""
    at.button(key=key).click().run()
    well(at)


def give(at: AppTest, key: str, value: Json) -> None:
    """Put a value into the widget of this key; a list into a table, whose rows it replaces."""
    if isinstance(value, list) and f"{key}|table" in at.session_state:
        at.session_state[key] = {
            "edited_rows": {},
            "added_rows": [
                {f"c{column}": cell for column, cell in enumerate(row.values() if isinstance(row, dict) else [row])}
                for row in value
            ],
            "deleted_rows": [*range(len(at.session_state[f"{key}|table"].rows))],
        }
        return
    for kind in WIDGETS:
        try:
            widget: Any = getattr(at, kind)(key=key)
        except KeyError:
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        widget.set_value(str(value) if number and kind in ("text_input", "text_area") else value)
        return
    raise KeyError(f"The page has no field '{key}'.")


def act_as(at: AppTest, person: str) -> None:
    """Act as a person of the directory."""
    at.selectbox(key="person").set_value(person).run()
    well(at)


def choose_example(at: AppTest, pattern: Pattern, number: int) -> None:
    """Choose an example by its number."""
    at.pills(key=f"{pattern.slug}_example").set_value(number).run()
    well(at)


def start(at: AppTest, pattern: Pattern, number: int = 0, values: Mapping[str, Json] | None = None) -> None:
    """Run an example, with other values where some are given."""
    choose_example(at, pattern, number)
    for name, value in (values or {}).items():
        give(at, f"{pattern.slug}_{number}_{name}", value)
    press(at, f"{pattern.slug}_run")


def asked(at: AppTest, pattern: Pattern, lane: str) -> str:
    """Return the beginning of the keys of a lane's card, up to the name of the field."""
    keys = [str(button.key) for button in at.button]
    return next(key.removesuffix("send") for key in keys if re.fullmatch(f"{pattern.slug}_{lane}_.*_send", key))


def answer(at: AppTest, pattern: Pattern, lane: str, values: Mapping[str, Json], person: str = "") -> None:
    """Fill in a lane's card and send it, as somebody else from then on where one is named."""
    if person:
        act_as(at, person)
    card = asked(at, pattern, lane)
    for name, value in values.items():
        give(at, f"{card}{name}", value)
    press(at, f"{card}send")


def decide(at: AppTest, card: str, number: int, decision: Mapping[str, Json]) -> None:
    """Fill in the decision on a tool call of a card; what it needs is drawn once it's chosen."""
    give(at, f"{card}{number}_type", decision["type"])
    at.run()
    well(at)
    for name, value in decision.get("edited_action", {}).get("args", {}).items():
        give(at, f"{card}{number}_args_{name}", value)
    if decision.get("message"):
        give(at, f"{card}{number}_{decision['type']}_message", decision["message"])


def review(at: AppTest, pattern: Pattern, lane: str, step: Reply) -> None:
    """Decide on the tool calls that wait in a lane and send all of it."""
    cards = [str(one.key).removesuffix("send") for one in at.button if _asks(str(one.key), pattern, lane)]
    for card in cards:
        decisions = step.value.get("decisions") or [step.answer(_tool(at, card))]
        for number, decision in enumerate(decisions):
            decide(at, card, number, decision)
    press(at, f"{cards[0]}send" if len(cards) == 1 else f"{pattern.slug}_{lane}_send_all")


def _asks(key: str, pattern: Pattern, lane: str) -> bool:
    return re.fullmatch(f"{pattern.slug}_{lane}_[0-9a-f]+_send", key) is not None


def _tool(at: AppTest, card: str) -> str:
    """Return the tool that a card with one call asks about."""
    return str(at.segmented_control(key=f"{card}0_type").label).removeprefix("Decision on ")


def write(at: AppTest, pattern: Pattern, lane: Lane, values: Mapping[str, Json]) -> None:
    """Fill in the form of a lane that stands at a pause."""
    for name, value in values.items():
        give(at, paused_field(at, pattern, lane, name), value)


def paused_field(at: AppTest, pattern: Pattern, lane: Lane, name: str) -> str:
    """Return the key of a field of the form at a pause."""
    wanted = re.compile(f"{pattern.slug}_{lane.key}_[0-9a-f-]{{36}}_{name}_set")
    keys = [str(widget.key) for kind in WIDGETS for widget in getattr(at, kind)]
    return next(key for key in keys if wanted.fullmatch(key))


def take(at: AppTest, pattern: Pattern, lane: Lane, step: Step) -> None:
    """Do one step of an example by the widgets of the lane's card, as whom the example names for it."""
    if isinstance(step, Reply | Edit) and step.person:
        act_as(at, step.person)
    match step:
        case Reply(node="") if any(str(button.key) == f"{pattern.slug}_{lane.key}_send_all" for button in at.button):
            # The page has filled each card in as the example answers its question.
            press(at, f"{pattern.slug}_{lane.key}_send_all")
        case Reply(value, _) if _is_review(value):
            review(at, pattern, lane.key, step)
        case Reply(value, _):
            # A question without a schema takes one text.
            answer(at, pattern, lane.key, value if isinstance(value, dict) else {"answer": value})
        case Edit(values, _):
            write(at, pattern, lane, values)
        case Go() | Recover():
            keys = [str(button.key) for button in at.button if _is_of(str(button.key), pattern, lane)]
            press(at, next(key for key in keys if key.endswith(("_continue", "_again", "_anew"))))
        case WayBack(to, values):
            go_back(at, pattern, lane, to, values)
        case Wait():
            pass_deadlines(open_lab().workspace(LOCAL))
            at.run()
            well(at)
        case Turn() | Restart() | Comparison():
            raise AssertionError("Input and restarts go to all lanes at once.")


def _is_review(value: Json) -> bool:
    return isinstance(value, dict) and ("decisions" in value or "type" in value)


def go_back(at: AppTest, pattern: Pattern, lane: Lane, to: str, values: Mapping[str, Json]) -> None:
    """Go back to before a node by a lane's card, with these values where it forks."""
    if not isinstance(lane.travel, Mend):
        choice = next(found for found in at.selectbox if _is_of(str(found.key), pattern, lane))
        title = next(option for option in choice.options if f"{to} next" in option)
        choice.select(title).run()
        well(at)
    write(at, pattern, lane, values)
    confirm(at, f"{pattern.slug}_{lane.key}_confirm_")
    press(at, f"{pattern.slug}_{lane.key}_back")


def confirm(at: AppTest, key: str) -> None:
    """Confirm what acts outside the state again, where it does."""
    for box in at.checkbox:
        if str(box.key).startswith(key):
            box.check().run()
            well(at)
            break


def _is_of(key: str, pattern: Pattern, lane: Lane) -> bool:
    return key.startswith(f"{pattern.slug}_{lane.key}_")


def play(at: AppTest, pattern: Pattern, number: int) -> None:
    """Run an example and do all that it says until each lane's end."""
    example = pattern.examples[number]
    start(at, pattern, number)
    for before, shared in enumerate(_together(example)):
        _take_all(at, pattern, example, before)
        press(at, f"{pattern.slug}_{'restart' if isinstance(shared, Restart) else 'run'}")
    for values in _beside(example):
        first = str(at.query_params["thread"])
        start(at, pattern, number, values)
        open_page(pattern.slug, at, thread=first)
    _take_all(at, pattern, example, len(_together(example)))


def _take_all(at: AppTest, pattern: Pattern, example: Example, after: int) -> None:
    """Do what each lane does by itself after so many steps that are done to all lanes at once."""
    for lane in pattern.lanes:
        done = 0
        for step in example.steps.get(lane.key, ()):
            if isinstance(step, Turn | Restart):
                done += 1
            elif done == after and not isinstance(step, Comparison):
                take(at, pattern, lane, step)


def _beside(example: Example) -> list[Mapping[str, Json]]:
    """Return the inputs of further threads, which a run gives to all lanes at once."""
    steps = next(iter(example.steps.values()), ())
    return [step.input for step in steps if isinstance(step, Comparison)]


def _together(example: Example) -> list[Turn | Restart]:
    """Return what is done to all lanes at once, by the lane to which most is done."""
    lanes = [[step for step in steps if isinstance(step, Turn | Restart)] for steps in example.steps.values()]
    return max(lanes, key=len, default=[])


def badges(at: AppTest) -> list[str]:
    """Return each lane's badge, from left to right; the figures' badges stand within a line."""
    badge = re.compile(r":\w+-badge\[:material/\w+: ([^\]]+)\]")
    return [named[1] for found in at.markdown if (named := badge.fullmatch(found.value))]


def steps(at: AppTest) -> list[str]:
    """Return the names of the steps that ran, in all lanes."""
    return [found[1] for shown in at.expander if (found := re.match(r"`([^`]+)`", shown.label))]


def texts(at: AppTest) -> list[str]:
    """Return every plain text of the page."""
    return [str(found.value) for found in at.text]


def markdowns(at: AppTest) -> str:
    """Return all that the page draws as Markdown."""
    parts = [*at.markdown, *at.caption, *at.title, *at.header, *at.subheader, *at.warning, *at.error, *at.info]
    return "\n".join([*(str(found.value) for found in parts), *(found.label for found in at.expander)])
