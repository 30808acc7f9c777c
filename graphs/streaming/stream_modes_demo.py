"""Stream modes, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Panel, Pattern
from graphs.script import by_instruction
from graphs.streaming.stream_modes import WRITE, build, stream_in_every_mode


def _caption(topic: str, _: Sequence[BaseMessage]) -> str:
    words = re.findall(r"[^\W\d_][\w'-]*", topic)
    longest = max(words, key=len, default="silence")
    return f"Seen on a quiet morning: {topic.strip().rstrip('.').lower()}, and nobody in a hurry for {longest.lower()}."


def _outcome(ended: Ended) -> str:
    if "caption" not in ended.values:
        return "No caption: stopped by an error"
    written = counted(len(ended.values["caption"].split()), "word")
    if ended.failed or "length" not in ended.values:
        return f"A caption of {written} that failed its check: stopped by an error"
    return f"A caption of {written}, of {ended.values['most']:,} allowed"


PATTERN = Pattern(
    slug="stream-modes",
    title="Stream modes",
    family=Family.STREAMING,
    summary="One run is read in several ways at once, and each stream mode tells the same events differently.",
    watch=(
        "Each column is what one mode yields, part by part, with the seconds since the run began.",
        "`values` repeats the whole state at every step, also the input; `updates` has what a node wrote, and no more.",
        "Only `messages` and `custom` have something to tell while a node is still at work.",
        "`tasks`, `checkpoints` and `debug` are columns too, by choice: they have each node's begin and end, and ids.",
        "Where the check fails, `values` and `updates` fall silent; `tasks` alone says which node failed and why.",
    ),
    sources=("EV 4", "SP 3.1"),
    lanes=(
        Lane(
            "run",
            "One run in every mode",
            "Asks the graph for all of its stream modes in one call.",
            build,
            run=stream_in_every_mode,
            panel=Panel.STREAM_MODES,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("A boat", {"topic": "A blue boat without oars", "most": 40}),
        Example("A single word", {"topic": "Fog", "most": 40}),
        Example("Longer than allowed", {"topic": "Two gulls on a lamp post", "most": 5}, unhappy=True),
    ),
    script=by_instruction({WRITE: _caption}),
)
