"""Reducers, as the lab shows them: texts, examples and outcomes."""

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Harm, Lane, Pattern
from graphs.script import by_instruction
from graphs.state.reducers import build_reduced, build_without

CHANNELS = ("best", "facts", "quote", "counts", "topics", "desk", "mean", "messages")


def _outcome_without(ended: Ended) -> str:
    if ended.failed:
        return "Nothing joined, stopped by an error"
    lost = [name for name in ("counts", "desk", "facts") if not _holds_a_review(name, ended.values[name])]
    wrote = "mean" in ended.values
    return f"The review is lost from {counted(len(lost), 'channel')}: {', '.join(lost)}" if wrote else "No review"


def _holds_a_review(name: str, value: object) -> bool:
    if name == "facts":
        return isinstance(value, dict) and "scores" in value
    return not isinstance(value, dict)


def _outcome_reduced(ended: Ended) -> str:
    if ended.failed:
        return "Nothing joined, stopped by an error"
    mean, values = ended.values["mean"], ended.values
    if not mean.get("n"):
        return "No review"
    score = f"{mean['sum'] / mean['n']:.2f}".rstrip("0").rstrip(".")
    joined = f"{counted(mean['n'], 'review')} joined: mean {score}, best {values['best']}"
    return f"{joined}, {counted(len(values['topics']), 'topic')}"


def _lost(ended: Ended) -> int:
    """Count the reviews that were given and that the mean doesn't know."""
    written = sum(bool(ended.inputs[0][name]) for name in ("ann", "ben")) if ended.inputs else 0
    mean = ended.values.get("mean")
    return written - (mean.get("n", 0) if isinstance(mean, dict) and not ended.failed else 0)


PATTERN = Pattern(
    slug="reducers",
    title="Reducers",
    family=Family.STATE,
    summary="Two reviewers write to eight channels at the same moment, without reducers and with one for each channel.",
    watch=(
        "The tab Channels has a table a step: what a channel held before, what was written, what it holds after.",
        "In *No reducer* two values for one channel in one step are an error, and neither of the two is saved.",
        "Where only one reviewer writes, *No reducer* runs to its end, and the editor's values replace the review.",
        "The topics hold each topic once, also where one review repeats itself; the counts add up every mention.",
        "The front page goes to the review with more topics, whichever was applied first.",
        "A change of the list and an edit of a message by its id are values too: the reducers carry them out.",
    ),
    sources=("EV 1", "AA 1.1", "AA 1.2"),
    lanes=(
        Lane(
            "without",
            "No reducer",
            "A channel takes one value a step, and what is written last stays.",
            build_without,
            outcome=_outcome_without,
            trap="Two nodes that write one channel in the same step fail the run with InvalidUpdateError; "
            "in steps that follow each other the later value silently replaces the earlier one.",
            harm=Harm("Reviews lost", _lost, cure="reduced"),
        ),
        Lane(
            "reduced",
            "With reducers",
            "Each channel has a pure function that joins what it holds and what is written.",
            build_reduced,
            outcome=_outcome_reduced,
        ),
    ),
    examples=(
        Example(
            "Two reviews at once",
            {"ann": "8: light, price, light", "ben": "5: price, size", "editor": "price"},
            unhappy=True,
        ),
        Example("One reviewer is silent", {"ann": "9: light, cable", "ben": "", "editor": "cable"}),
        Example(
            "Both name the same",
            {"ann": "10: colour, light, size", "ben": "7: colour, light", "editor": ""},
            unhappy=True,
        ),
        Example("A review without a score", {"ann": "8: light", "ben": "lovely lamp", "editor": ""}, unhappy=True),
    ),
    script=by_instruction({}),
    channels=CHANNELS,
)
