"""The form of a review: one part for each tool call, with its decision and what that decision needs."""

from collections.abc import Mapping, Sequence

import streamlit as st

from lab.jsonable import Json
from lab.state import (
    MESSAGES,
    Decision,
    Field,
    Review,
    ReviewedCall,
    choice_text,
    fields_of_schema,
    is_same_value,
    values_text,
)
from ui.common import code, label_text, literal, shown
from ui.forms.json_form import ask, values_in_form
from ui.forms.widgets import complain

HAPPENS: Mapping[Decision, str] = {
    "approve": "{tool} runs with these arguments.",
    "edit": "{tool} runs with your arguments in place of these.",
    "reject": "{tool} doesn't run, and the agent is told so with what you write here.",
    "respond": "{tool} doesn't run, and the agent gets your answer as its result.",
}
"""What each decision leads to."""
UNDECIDED = "Nothing runs before each call is decided."


def draw_review(review: Review, key: str, start: Json, wrong: Mapping[str, str]) -> None:
    """Draw a part for each call, begun with the decisions of an answer; not for inside `st.form`."""
    given = review.decisions(start) or []
    for number, call in enumerate(review.calls):
        own = given[number] if number < len(given) and isinstance(given[number], dict) else {}
        place = f"{number}."
        faults = {name.removeprefix(place): text for name, text in wrong.items() if name.startswith(place)}
        with st.container(border=len(review.calls) > 1, key=f"{key}_{number}_call", gap="small"):
            _draw_call(call, f"{key}_{number}", own, faults)
    for name, message in wrong.items():
        if not name.partition(".")[0].isdecimal():
            complain(message)


def _draw_call(call: ReviewedCall, key: str, given: Mapping[str, Json], wrong: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/build: **{code(call.name)}**", width="content")
        kind = _choose(call, key, given)
    if "type" in wrong:
        complain(wrong["type"])
    if said := _description(call):
        st.text(shown(said, 2000))
    fields = fields_of_schema(call.schema)
    if kind == "edit":
        inside = {name.removeprefix("args."): text for name, text in wrong.items() if name.startswith("args")}
        ask(fields, f"{key}_args", {**call.args, **_edited(given)}, inside)
    else:
        st.text(shown(values_text(call.args, fields, titled=True), 4000))
    st.caption(HAPPENS[kind].format(tool=literal(call.name)) if kind else UNDECIDED)
    if kind is not None and kind in MESSAGES:
        own = {name: text for name, text in wrong.items() if name == "message"}
        ask(_message_field(call, kind), f"{key}_{kind}", {"message": given.get("message")}, own)


def _description(call: ReviewedCall) -> str:
    """Return what the request says of its call, without the name and the arguments that the form shows anyway."""
    return call.description.partition(f"\n\nTool: {call.name}\nArgs: ")[0].strip()


def _choose(call: ReviewedCall, key: str, given: Mapping[str, Json]) -> Decision | None:
    begins = given.get("type") if given.get("type") in call.allowed else None
    if call.allowed == ("respond",):
        # Whoever has a text to write need not choose to write it.
        begins = "respond"
    chosen: Decision | None = st.segmented_control(
        label_text(f"Decision on {call.name}"),
        options=call.allowed,
        default=begins,
        # A press on what is chosen would choose nothing.
        required=begins is not None,
        format_func=choice_text,
        key=f"{key}_type",
        persist_state="session",
        label_visibility="collapsed",
    )
    return chosen


def _edited(given: Mapping[str, Json]) -> Mapping[str, Json]:
    action = given.get("edited_action")
    args = action.get("args") if isinstance(action, dict) else None
    return args if isinstance(args, dict) else {}


def _message_field(call: ReviewedCall, kind: Decision) -> Sequence[Field]:
    needed = kind == "respond" or call.needs_reason
    title = MESSAGES[kind] if needed else f"{MESSAGES[kind]} (optional)"
    return [Field("message", title, kind="area" if kind == "respond" else "text", required=needed)]


def review_in_form(review: Review, key: str) -> Json:
    """Return the answer that the widgets hold; a call that isn't decided is None in it, of which the check tells."""
    return review.answer(_decision(call, f"{key}_{number}") for number, call in enumerate(review.calls))


def _decision(call: ReviewedCall, key: str) -> Json:
    kind: Decision | None = st.session_state.get(f"{key}_type")
    if kind == "edit":
        return {"type": "edit", "edited_action": {"name": call.name, "args": _args(call, f"{key}_args")}}
    if kind is not None and kind in MESSAGES:
        written = values_in_form(_message_field(call, kind), f"{key}_{kind}").get("message")
        needed = kind == "respond" or call.needs_reason
        return {"type": kind, "message": written or ""} if needed or written else {"type": kind}
    return None if kind is None else {"type": kind}


def _args(call: ReviewedCall, key: str) -> dict[str, Json]:
    """Return the arguments as the form has them; what isn't in it, or wasn't touched, stays as it is."""
    fields = fields_of_schema(call.schema)
    unasked = {name: value for name, value in call.args.items() if name not in {field.name for field in fields}}
    given = values_in_form(fields, key)
    return unasked | {
        field.name: _typed(call, field.name, given[field.name])
        for field in fields
        if field.name in given and (field.required or field.name in call.args or given[field.name] not in ("", None))
    }


def _typed(call: ReviewedCall, name: str, value: Json) -> Json:
    """Return an argument as it was where the form says the same: it writes 1200.0 as 1200, and nothing as a text."""
    before = call.args.get(name)
    same = is_same_value(before, value) or (before is None and name in call.args and value == "")
    return before if same else value
