"""Time travel, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from graphs.outcome import Ended, counted, times
from graphs.pattern import Example, Family, Fork, Harm, Lane, Pattern, Replay, Rewind, WayBack
from graphs.persistence.time_travel import OUTLINE, WRITE, build, fork, go_on, replay, rewind
from graphs.script import by_instruction


def _outline(topic: str, _: Sequence[BaseMessage]) -> str:
    about = _inside(topic)
    return f"1. The first rumours of {about}\n2. A winter without {about}\n3. What is still told of {about}"


def _write(outline: str, _: Sequence[BaseMessage]) -> str:
    parts = [re.sub(r"^\s*\d+[.)]\s*", "", line) for line in outline.splitlines() if line.strip()]
    openings = ("It began with", "Then came", "In the end there was")
    return " ".join(f"{openings[min(number, 2)]} {_inside(part)}." for number, part in enumerate(parts))


def _inside(text: str) -> str:
    """Return a text as it stands inside a sentence; a name in capitals keeps them."""
    text = text.strip().rstrip(".!?")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _both_ways(to: str, **values: str) -> dict[str, tuple[WayBack, ...]]:
    return {"rewind": (WayBack(to),), "replay": (WayBack(to),), "fork": (WayBack(to, values),)}


def _outcome(ended: Ended) -> str:
    sent = len(ended.outbox)
    done = f"Sent {times(sent)}" if sent else "Nothing sent"
    if ended.failed:
        return f"{done}, stopped by an error"
    if ended.edited:
        log = ended.values["log"]
        repeated = len(log) - len(set(log))
        doubled = f" and doubled {counted(repeated, 'line')} of the log" if repeated else ""
        return f"{done}, going back ran nothing{doubled}"
    if not sent:
        return "Written, but this thread sent nothing"
    mails = len({(mail["subject"], mail["body"]) for mail in ended.outbox})
    if sent == 1:
        return done
    return f"{done}, {f'{mails:,} different mails' if mails > 1 else 'the same mail each time'}"


def _doubled(ended: Ended) -> int:
    log = ended.values.get("log", ())
    return len(log) - len(set(log))


PATTERN = Pattern(
    slug="time-travel",
    title="Time travel",
    family=Family.PERSISTENCE,
    summary="A story is outlined, written and sent; then each lane goes back to an earlier checkpoint in its own way.",
    watch=(
        "Rewinding writes old values: the log gets its lines a second time, what came later stays, and nothing runs.",
        "A replay runs every node after the checkpoint again, so the outbox gets a second mail; none before it runs.",
        "A fork writes your edit to a new checkpoint first: what runs from there is a branch with another end.",
        "No way back deletes anything: the checkpoints of the first end stay in the history, and each card compares.",
    ),
    sources=("EV 2", "SP 3.5", "AA 5.3"),
    lanes=(
        Lane(
            "rewind",
            "Rewind by writing",
            "Writes the values of the old checkpoint over the newest ones with `update_state`, then invokes the graph.",
            build,
            trap="An update adds a checkpoint at the end and moves nothing back: reducers take old values as further "
            "ones, keys that were set later keep their values, and no node runs, as the thread still is at its end.",
            harm=Harm("Lines doubled in the log", _doubled, cure="fork"),
            travel=Rewind(rewind, go_on),
            outcome=_outcome,
        ),
        Lane(
            "replay",
            "Replay",
            "Invokes the graph with the config of the old checkpoint: the rest runs again from the state there.",
            build,
            travel=Replay(replay),
            outcome=_outcome,
        ),
        Lane(
            "fork",
            "Fork with an edit",
            "Writes changed values to the old checkpoint, which makes a new one beside it, and goes on from that.",
            build,
            edits=("topic", "outline", "text"),
            travel=Fork(fork, go_on),
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "Back to before the writing",
            {"topic": "The lighthouse at the end of the pier"},
            _both_ways("write", outline="1. The keeper's last night\n2. A ship without lights"),
        ),
        Example(
            "Back to the beginning",
            {"topic": "A bakery that opens at night"},
            _both_ways("outline", topic="A library under the sea"),
        ),
        Example(
            "Back to before the sending",
            {"topic": "Eleven chickens"},
            _both_ways("send", text="There were eleven chickens, and now there are twelve."),
        ),
        Example(
            "A topic without a word",
            {"topic": "???"},
            _both_ways("outline", topic="Three question marks"),
            unhappy=True,
        ),
    ),
    script=by_instruction({OUTLINE: _outline, WRITE: _write}),
    tables=("outbox",),
)
