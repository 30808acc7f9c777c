"""Progress events, as the lab shows it: texts, examples and outcomes."""

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.streaming.progress_events import build_dispatched, build_stream_writer


def _outcome(ended: Ended) -> str:
    if "archive" not in ended.values:
        return "Nothing packed, stopped by an error"
    words, size, packed = (ended.values[name] for name in ("words", "size", "packed_size"))
    checked = "not checked: stopped by an error" if ended.failed else "and checked"
    return f"{counted(words, 'word')} packed from {_bytes(size)} into {_bytes(packed)}, {checked}"


def _bytes(size: int) -> str:
    if size < 1000:
        return counted(size, "byte")
    return f"{size / 1000:,.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


PATTERN = Pattern(
    slug="progress-events",
    title="Progress events",
    family=Family.STREAMING,
    summary="A job of five steps says what it is doing and how far it has come, while the nodes are still at work.",
    watch=(
        "The bar moves inside a node, long before that node's result is written to the state.",
        "*Stream writer* tells its progress by the stream's `custom` mode, *Dispatched events* by callback alone.",
        "More repetitions give compress and verify more to do, more rounds give it to digest.",
        "A text without words stops the job at 5 percent, and the bar never claims more.",
    ),
    sources=("EV 4",),
    lanes=(
        Lane(
            "stream-writer",
            "Stream writer",
            "The node writes its progress to the stream of the run that it's part of.",
            build_stream_writer,
            outcome=_outcome,
        ),
        Lane(
            "dispatched",
            "Dispatched events",
            "The node dispatches its progress to callback handlers; the stream's `custom` mode never shows it.",
            build_dispatched,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "A long job",
            {
                "text": "Every ship has a log, and every log has a page that nobody wants to read twice.",
                "repetitions": 20_000,
                "rounds": 3_000_000,
            },
        ),
        Example("A tiny job", {"text": "One line,\n  said once.", "repetitions": 1, "rounds": 1}),
        Example("Nothing to count", {"text": "?! ... --", "repetitions": 100, "rounds": 1000}, unhappy=True),
    ),
    script=by_instruction({}),
)
