"""Approval gate, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.human.approval_gate import DRAFT, REVISE, build_interrupt, build_static, run_static
from graphs.outcome import Ended, counted, times
from graphs.pattern import Edit, Example, Family, Go, Lane, Pattern, Reply
from graphs.script import by_instruction

OPENING = "I'm writing to you about this: "
CLOSING = " Please tell me if anything is unclear."


def _draft(request: str, _: Sequence[BaseMessage]) -> str:
    wish = request.strip().rstrip(".")
    return f"Dear colleague,\n\n{OPENING}{wish}.{CLOSING}\n\nKind regards"


def _revise(asked: str, _: Sequence[BaseMessage]) -> str:
    draft, _sep, feedback = asked.removeprefix("Draft:\n").rpartition("\n\nFeedback:\n")
    wish = feedback.strip().lower()
    if re.search(r"short|brief", wish):
        return draft.replace(OPENING, "").replace(CLOSING, "")
    if re.search(r"friendl|less formal|warm", wish):
        return draft.replace("Dear colleague", "Hello").replace("Kind regards", "All the best")
    if re.search(r"grateful|thank", wish):
        return draft.replace("\n\nKind regards", " Thank you very much for your time.\n\nKind regards")
    head, _sep, close = draft.rpartition("\n\n")
    return f"{head}\n\nOne more thing: {feedback.strip().rstrip('.')}.\n\n{close}"


def _outcome(ended: Ended) -> str:
    sent = f"Sent {times(len(ended.outbox))}" if ended.outbox else "Nothing sent"
    if ended.failed:
        return f"{sent}, stopped by an error"
    if not ended.outbox:
        return "Rejected, nothing sent" if ended.values.get("rejected") else "Approved, but this thread sent nothing"
    revisions = ended.values["log"].count("revised")
    edited = ended.outbox[-1]["body"] != ended.values.get("drafted", ended.values["draft"])
    after = [counted(revisions, "revision")] if revisions else []
    after += ["an edit by hand"] if edited else []
    return f"{sent}, after {' and '.join(after)}" if after else f"{sent}, as it was drafted"


def _changed(feedback: str) -> Reply:
    return Reply({"decision": "change", "feedback": feedback})


_YES = Reply({"decision": "approve"})
_YES_BY_FORM = (Edit({"approved": True}), Go())
_EDITED = "Hello Tom,\n\nthe printer on the second floor is broken. Please send somebody today.\n\nKind regards"
_WRONG_PEOPLE = "That's for the board to announce."
_THANK = "More grateful, please"
_SHORTER = "Make it shorter"

PATTERN = Pattern(
    slug="approval-gate",
    title="Approval gate",
    family=Family.HUMAN,
    summary="A draft goes to a person, back for changes as often as wanted, and out only once it's approved.",
    watch=(
        "The outbox gets its one mail after the approval and never before.",
        "*Breakpoint and state update* stops before `await_approval`: the person writes to the state and goes on.",
        "*Interrupt and resume* stops inside `await_approval`: the question carries the draft, the answer comes back "
        "checked.",
        "Each revision follows the feedback given, and clears the decision, so that every draft needs its own.",
        "The person may edit the draft as well: what is sent is what they approved. A rejection needs its reason.",
    ),
    sources=("EV 3.1", "SP 3.2"),
    lanes=(
        Lane(
            "static",
            "Breakpoint and state update",
            "Pauses before the gate by name; a person fills in the state, and the gate checks what was written.",
            build_static,
            outcome=_outcome,
            run=run_static,
            edits=("draft", "approved", "rejected", "feedback"),
        ),
        Lane(
            "interrupt",
            "Interrupt and resume",
            "The gate itself asks, with the draft in the question and a schema for the answer.",
            build_interrupt,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Approved at once",
            {"recipient": "anna@example.org", "request": "Move our review from Tuesday to Thursday at ten."},
            {"static": _YES_BY_FORM, "interrupt": (_YES,)},
        ),
        Example(
            "Changed twice, then approved",
            {"recipient": "jobs@example.org", "request": "Decline the job offer, as I've accepted another one."},
            {
                "static": (Edit({"feedback": _THANK}), Go(), Edit({"feedback": _SHORTER}), Go(), *_YES_BY_FORM),
                "interrupt": (_changed(_THANK), _changed(_SHORTER), _YES),
            },
        ),
        Example(
            "Nobody decides",
            {"recipient": "all@example.org", "request": "Announce that the office moves next month."},
            {"static": (Go(),)},
            unhappy=True,
        ),
        Example(
            "No address to send to",
            {"recipient": "the whole team", "request": "Invite them to lunch on Friday."},
            unhappy=True,
        ),
        Example(
            "Edited by hand and approved",
            {"recipient": "tom@example.org", "request": "Report that the printer on the second floor is broken."},
            {
                "static": (Edit({"draft": _EDITED, "approved": True}), Go()),
                "interrupt": (Reply({"decision": "approve", "draft": _EDITED}),),
            },
        ),
        Example(
            "Changed once, then rejected with its reason",
            {"recipient": "press@example.org", "request": "Announce that the office moves next month."},
            {
                "static": (
                    Edit({"feedback": _SHORTER}),
                    Go(),
                    Edit({"rejected": True, "feedback": _WRONG_PEOPLE}),
                    Go(),
                ),
                "interrupt": (_changed(_SHORTER), Reply({"decision": "reject", "feedback": _WRONG_PEOPLE})),
            },
            unhappy=True,
        ),
    ),
    script=by_instruction({DRAFT: _draft, REVISE: _revise}),
    tables=("outbox",),
)
