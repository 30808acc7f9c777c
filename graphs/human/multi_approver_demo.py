"""Multi-approver, as the lab shows it: texts, examples and outcomes."""

from graphs.human.multi_approver import REVIEWERS, build_quorum, build_sequence
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern, Reply, Step
from graphs.script import by_instruction

NOTICE = "The office is closed from 24 December to 1 January."
SHORTER = "The office is closed over Christmas."
NODES = {person: role for role, person in REVIEWERS.items()}


def _said(status: str, comment: str, *people: str) -> tuple[Step, ...]:
    return tuple(Reply({"status": status, "comment": comment}, person=person) for person in people)


def _yes(*people: str) -> tuple[Step, ...]:
    return _said("approve", "", *people)


def _each(*steps: Step) -> tuple[Step, ...]:
    """Return the steps of the lane in which each answers the question of a node of their own."""
    return tuple(
        Reply(step.value, person=step.person, node=NODES[step.person])
        if isinstance(step, Reply) and step.person in NODES
        else step
        for step in steps
    )


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "Not published, stopped by an error"
    last = [one for one in ended.values["reviews"] if one["round"] == ended.values["round"]]
    yes = sum(one["status"] == "approve" for one in last)
    approved = f"{yes} of {len(REVIEWERS)} approved"
    rounds = f" in {counted(ended.values['round'], 'round')}"
    if ended.values["status"] == "withdrawn":
        return f"Withdrawn{rounds}, {approved}"
    return f"Published{rounds}, {approved}, {counted(len(ended.outbox), 'mail')} sent"


_NO = _said("reject", "Nobody asked my team.", "Maya")
_CHANGE = _said("revise", "Leave the dates out, burglars read too.", "Maya")
_REVISED: tuple[Step, ...] = (Reply({"text": SHORTER}, person="Robin"),)

PATTERN = Pattern(
    slug="multi-approver",
    title="Multi-approver",
    family=Family.HUMAN,
    summary="Three people approve a text before it's published: in turn, or all at once with a quorum of two.",
    watch=(
        "*One after the other* asks one role at a time, *All at once with a quorum* asks all three.",
        "One no ends *One after the other*; in *All at once with a quorum* two approvals outweigh it.",
        "A single wish to revise sends the text back to its author in both, and then all are asked about the new one.",
        "Each review has its person, status and comment; nobody reviews one version twice, or a text of their own.",
    ),
    sources=("EV ex. 3", "AA 4.1"),
    lanes=(
        Lane(
            "sequence",
            "One after the other",
            "Asks three roles in turn, and stops at the first that doesn't approve.",
            build_sequence,
            outcome=_outcome,
        ),
        Lane(
            "quorum",
            "All at once with a quorum",
            "Asks three people side by side, and counts when all have answered: two approvals are enough.",
            build_quorum,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "All three approve",
            {"text": NOTICE, "requested_by": "Robin"},
            {"sequence": _yes("Fiona", "Maya", "Selma"), "quorum": _each(*_yes("Fiona", "Maya", "Selma"))},
        ),
        Example(
            "One of three says no",
            {"text": "From Monday on everybody works at home.", "requested_by": "Robin"},
            {
                "sequence": (*_yes("Fiona"), *_NO),
                "quorum": _each(*_yes("Fiona"), *_NO, *_yes("Selma")),
            },
            unhappy=True,
        ),
        Example(
            "One wants it revised, and the second version passes",
            {"text": NOTICE, "requested_by": "Robin"},
            {
                "sequence": (*_yes("Fiona"), *_CHANGE, *_REVISED, *_yes("Fiona", "Maya", "Selma")),
                "quorum": _each(*_yes("Fiona"), *_CHANGE, *_yes("Selma"), *_REVISED, *_yes("Fiona", "Maya", "Selma")),
            },
        ),
        Example(
            "A reviewer's own text",
            {"text": "The team meets at nine from now on.", "requested_by": "Maya"},
            {"sequence": _yes("Fiona", "Dana", "Selma"), "quorum": _each(*_yes("Fiona", "Selma"))},
        ),
    ),
    script=by_instruction({}),
    tables=("outbox",),
)
