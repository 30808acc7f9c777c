"""State schema, as the lab shows it: texts, examples, figures, outcomes and offline answers."""

from collections.abc import Sequence
from typing import get_args

from langchain_core.messages import BaseMessage

from graphs.figures import Figure, Happened
from graphs.outcome import Ended, counted, short
from graphs.pattern import Example, Family, Harm, Lane, Mend, Pattern, WayBack
from graphs.script import by_instruction
from graphs.state.state_schema import CLASSIFY, Kind, build_checked, build_modelled


def _kind(content: str, _: Sequence[BaseMessage]) -> str:
    """Return the kind that the text names first, be it one that is allowed or not."""
    words = [word.strip(".,:;!?").lower() for word in content.split()]
    return next((word for word in words if word in (*get_args(Kind), "poem", "recipe")), "letter")


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "Refused, stopped by an error"
    kind, trail = ended.values.get("kind"), counted(len(ended.values["trail"]), "line")
    if ended.edits:
        return f"Recovered as {short(str(kind), 20)} by a fork, {trail} in the trail"
    if kind is None:
        return f"For a person, as its kind isn't allowed, {trail} in the trail"
    return f"Filed as {short(str(kind), 20)}, {trail} in the trail"


def _recovered(ended: Ended) -> int:
    return int(bool(ended.edits))


def _figures(happened: Happened) -> Sequence[Figure]:
    wrote = [step.wrote for step in happened.steps if isinstance(step.wrote, dict)]
    kinds = [str(one["kind"]) for one in wrote if one.get("kind")]
    lines = sum(len(one.get("trail", ())) for one in wrote)
    problems = [one["problem"] for one in wrote if one.get("problem")]
    return (
        Figure("Lines by nodes", str(lines)),
        *(Figure("Kind", short(kind, 20), alarming=kind not in get_args(Kind)) for kind in kinds[-1:]),
        *(Figure("Kept out", short(str(problem).rpartition("and not ")[2], 20)) for problem in problems[-1:]),
    )


_INVOICE = """This is the invoice for the north crane.
Anna Lee has ordered it, and it comes to 1,200 € until the first of May."""
_POEM = """A poem for Anna Lee, in return for 5 €:
the lamps go out along the quay, and nobody looks up."""

PATTERN = Pattern(
    slug="state-schema",
    title="State schema",
    family=Family.STATE,
    summary="A document is classified, with a check at the edge of each node or with a Pydantic model as state.",
    watch=(
        "In *Pydantic state* a kind that isn't allowed is saved all the same, and then nobody can read the thread.",
        "A Pydantic state checks what goes into a node and nothing that comes out: the node after it is what fails.",
        "The card recovers the thread by a fork from the parent, written as the node that wrote the invalid value.",
        "In *Checked at the edge* an invalid kind never gets into the state: a person gets it, with the reason.",
        "A number that isn't one is refused in both, with the field named; only *Pydantic state* has to be recovered.",
        "The trail grows by a line a node; the tab Channels has it step by step.",
    ),
    sources=("EV 1", "AA 1.1"),
    lanes=(
        Lane(
            "modelled",
            "Pydantic state",
            "Leaves it to the state's own type to check what the nodes get.",
            build_modelled,
            outcome=_outcome,
            figures=_figures,
            trap="What a node returns is saved before anybody checks it. From then on each read of the thread raises "
            "an error: its state, its history, an update, a further run.",
            harm=Harm("Threads that had to be recovered", _recovered, cure="checked"),
            travel=Mend("trail"),
            edits=("number", "kind"),
        ),
        Lane(
            "checked",
            "Checked at the edge",
            "Has a plain dictionary as its state, and each node checks what it's about to write.",
            build_checked,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example(
            "A kind that isn't allowed",
            {"number": "DOC-7", "content": _POEM},
            {"modelled": (WayBack("classify", {"kind": "letter"}),)},
            unhappy=True,
        ),
        Example("An invoice", {"number": "INV-12", "content": _INVOICE}),
        Example(
            "A contract",
            {"number": "CON-3", "content": "The contract with Tom Baker ends in June; he gets 40 € a day until then."},
        ),
        Example(
            "A number that is none",
            {"number": "12", "content": _INVOICE},
            {"modelled": (WayBack("__start__", {"number": "INV-12"}),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({CLASSIFY: _kind}),
    channels=("number", "entities", "kind", "needs_review", "problem", "trail"),
)
