"""Role approval, as the lab shows it: texts, examples and outcomes."""

from graphs.human.role_approval import build
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern, Reply
from graphs.script import by_instruction


def _yes(role: str, person: str, comment: str = "") -> Reply:
    return Reply({"decision": "approve", "comment": comment}, role, person=person)


def _no(role: str, person: str, comment: str) -> Reply:
    return Reply({"decision": "reject", "comment": comment}, role, person=person)


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "Stopped by an error, nobody was told"
    *before, last = ended.values["decisions"]
    mails = f"{counted(len(ended.outbox), 'mail')} sent"
    if last["decision"] == "reject":
        return f"Rejected by the role {last['role']} after {counted(len(before), 'approval')}, {mails}"
    return f"Approved by {', '.join(one['role'] for one in ended.values['decisions'])}, {mails}"


PATTERN = Pattern(
    slug="role-approval",
    title="Role approval",
    family=Family.HUMAN,
    summary="Technical, billing and security requests each go through their own chain of roles.",
    watch=(
        "The kind of the request decides on the chain: three roles for a technical one, two for billing.",
        "Only the role whose turn it is may answer; who comes later or has had their turn is refused with the reason.",
        "Nobody decides on their own request, and nobody twice, be it that they have two roles of the chain.",
        "A single no ends the chain: the roles after it are never asked.",
    ),
    sources=("AP ex. 3",),
    lanes=(
        Lane(
            "chain",
            "A chain of roles",
            "Asks one role after the other, and tells the requester what came of it.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Technical: support, an engineer and a manager approve",
            {"request": "Give the build server more memory.", "kind": "technical", "requested_by": "Robin"},
            {
                "chain": (
                    _yes("support agent", "Sam", "It is slow."),
                    _yes("engineer", "Tess", "8 GB will do."),
                    _yes("manager", "Maya"),
                )
            },
        ),
        Example(
            "Billing: a refund",
            {"request": "Refund order 4711.", "kind": "billing", "requested_by": "Robin"},
            {"chain": (_yes("accountant", "Fiona", "It came back unopened."), _yes("manager", "Maya"))},
        ),
        Example(
            "Security: three approve, the director last",
            {"request": "Open the archive to the auditors.", "kind": "security", "requested_by": "Robin"},
            {
                "chain": (
                    _yes("security officer", "Selma", "Read only."),
                    _yes("manager", "Maya"),
                    _yes("director", "Dana"),
                )
            },
        ),
        Example(
            "Security: the manager says no",
            {"request": "Switch the second factor off.", "kind": "security", "requested_by": "Robin"},
            {"chain": (_yes("security officer", "Selma", "For a day."), _no("manager", "Maya", "Not even for a day."))},
            unhappy=True,
        ),
        Example(
            "A manager's own request, which another manager decides on",
            {"request": "Pay my travel in advance.", "kind": "billing", "requested_by": "Maya"},
            {"chain": (_yes("accountant", "Fiona"), _yes("manager", "Dana", "Have a good trip."))},
        ),
    ),
    script=by_instruction({}),
    tables=("outbox",),
)
