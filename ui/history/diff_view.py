"""What differs between two states, drawn key by key; signs and words tell the kind of a change, colour only helps."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice

import streamlit as st

from lab.jsonable import Json
from lab.state import Change, Run
from ui.common import LIMIT, shown

ChangePath = tuple[str, ...]
"""The way to a change inside a key's value."""

SIGNS = {
    "added": "+ added",
    "appended": "+ appended",
    "removed": "− removed",
    "changed": "~ changed",
    "replaced": "~ replaced",
}
PALETTE = {
    "removed": (("#8f1d15", "#fdeae8"), ("#ffc9c4", "#471e1b")),
    "added": (("#0b5327", "#e0f4e6"), ("#b9f0c9", "#153a23")),
    "changed": (("#0b4a86", "#e4effa"), ("#bcdcfb", "#17314a")),
}
"""Text and its background, on light and on dark."""

OPEN = 500
"""Characters of a value that are shown without being unfolded."""
LINES = 12
"""Lines of the same."""
ROWS = 30
"""Changes inside one key that are shown without being unfolded."""
MOST = 200
"""Changes inside one key that are drawn at all; the rest is counted."""
SHARE = 100_000
"""Characters that the values of one key share; a lone value has `LIMIT` at most."""
NEAR = 100
"""Characters that are shown of an unchanged piece of text on each side of a change."""
PIECES = 300
"""Pieces of one text that are drawn."""
SHORT = 40
"""Characters of a value in a summary."""


def _colours(kind: str) -> str:
    light, dark = PALETTE[kind]
    return f"color: light-dark({light[0]}, {dark[0]}); background: light-dark({light[1]}, {dark[1]});"


# Words for readers who hear the page: screen readers commonly pass over `del` and `ins` in silence.
STYLE = f"""<style>
.diff {{ display: grid; gap: 0.75rem; overflow-wrap: anywhere; }}
.diff-key {{ border: 1px solid light-dark(#d9ddd9, #39413e); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }}
.diff-key p {{ margin: 0; }}
.diff-key > .diff-row:first-child {{ margin-top: 0; }}
.diff-row {{ margin-top: 0.5rem; }}
.diff-type, .diff-cut, .diff summary {{ font-size: 0.875rem; }}
.diff-type {{ opacity: 0.8; }}
.diff-sign {{ display: inline-block; font-size: 0.875rem; font-weight: 600; white-space: nowrap; }}
.diff-sign, .diff-tint {{ padding: 0 0.4em; border-radius: 0.3em; }}
.diff-added {{ {_colours("added")} }}
.diff-removed {{ {_colours("removed")} }}
.diff-changed {{ {_colours("changed")} }}
.diff-pair {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0.5rem; }}
.diff-pair > * {{ min-width: 0; }}
.diff-side {{ margin-top: 0.25rem; padding: 0.25rem 0.6rem; border-left: 3px solid; }}
.diff-value {{ white-space: pre-wrap; }}
.diff-json {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: 0.875rem; }}
.diff del, .diff ins {{ border-radius: 0.2em; padding: 0 0.1em; box-decoration-break: clone; }}
.diff del {{ {_colours("removed")} text-decoration: line-through; }}
.diff ins {{ {_colours("added")} text-decoration: underline; font-weight: 650; }}
.diff del::before, .diff ins::before, .diff del::after, .diff ins::after {{ position: absolute; width: 1px;
  height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }}
.diff del::before {{ content: " [removed: "; }}
.diff ins::before {{ content: " [added: "; }}
.diff del::after, .diff ins::after {{ content: "] "; }}
.diff-cut {{ opacity: 0.8; font-style: italic; }}
.diff summary {{ cursor: pointer; text-decoration: underline; }}
</style>"""


def draw_changes(differences: Sequence[Change]) -> None:
    """Draw what differs, a block for each key."""
    if not differences:
        st.info("Nothing differs: both states are the same.", icon=":material/info:")
        return
    st.html(f'{STYLE}<div class="diff">{"".join(_block(change) for change in differences)}</div>')


def change_line(change: Change) -> str:
    """Return a change as one line of text; where Markdown is read, it has to be escaped."""
    return f"{_brief(change.at, 80)}: {_what(change)}"


def _what(change: Change) -> str:
    if change.inside:
        inner = change.inside[0]
        return change_line(inner) if change.kind == "fields" and len(change.inside) == 1 else _counts(change)
    if change.kind == "text":
        return _words(change.runs)
    if change.kind == "changed":
        return f"{_short(change.before)} → {_short(change.after)}"
    return f"{_verb(change)}, {_short(change.before if change.kind == 'removed' else change.after)}"


def _counts(change: Change) -> str:
    often = Counter(_verb(inner) for inner in change.inside)
    return ", ".join(f"{often[verb]:,} {verb}" for verb in SIGNS if often[verb])


def _verb(change: Change) -> str:
    """Return the word for a kind of change."""
    if change.kind in ("added", "appended", "removed"):
        return change.kind
    return "replaced" if change.name else "changed"


def _words(runs: Sequence[Run]) -> str:
    old, new = ("".join(run.text for run in runs if run.kind != kind) for kind in ("added", "removed"))
    if max(len(old), len(new)) <= SHORT:
        return f"{_short(old)} → {_short(new)}"
    often = {kind: sum(len(run.text.split()) for run in runs if run.kind == kind) for kind in ("added", "removed")}
    some = [f"{number:,} {'word' if number == 1 else 'words'} {kind}" for kind, number in often.items() if number]
    return ", ".join(some) or "only blanks changed"


def _short(value: Json) -> str:
    """Return a value in few characters, and a container by its size."""
    if isinstance(value, (list, dict)) and value:
        return _size(len(value), "item" if isinstance(value, list) else "key")
    return json.dumps(_brief(value, SHORT), ensure_ascii=False) if isinstance(value, str) else _json(value)


def _brief(text: object, limit: int) -> str:
    whole = str(text)
    return " ".join(shown(whole[:limit]).split()) + ("…" if len(whole) > limit else "")


def _size(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _json(value: Json, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=repr)


def _block(change: Change) -> str:
    name = escape(_brief(change.at, 200))
    lead = f"<strong>{name}</strong> {_head(change)}"
    inside = f"<p>{lead}</p>{_inside(change)}" if change.inside else _row(lead, change, LIMIT)
    return f'<div class="diff-key" role="group" aria-label="{name}">{inside}</div>'


def _head(change: Change) -> str:
    """Tell the kind of a change to a whole key, and how many of which there are inside."""
    if change.kind == "appended" and change.inside:
        return _sign("appended", f"+ {len(change.inside):,} appended")
    inside = f' <span class="diff-type">{_counts(change)}</span>' if change.inside else ""
    return _sign(_verb(change)) + inside


def _inside(change: Change) -> str:
    rows = list(islice(_leaves(change, ()), MOST))
    more = sum(1 for _ in _leaves(change, ())) - len(rows)
    limit = min(LIMIT, SHARE // len(rows))
    drawn = [_row(f"{_sign(_verb(leaf))} {escape(' › '.join(place))}:", leaf, limit) for place, leaf in rows]
    folded = "".join(drawn[ROWS:])
    if folded:
        folded = f"<details><summary>{len(drawn) - ROWS:,} more changes</summary>{folded}</details>"
    rest = f'<p class="diff-cut">… and {_size(more, "further change")} not shown</p>' if more else ""
    return f"{''.join(drawn[:ROWS])}{folded}{rest}"


def _sign(verb: str, text: str = "") -> str:
    look = {"appended": "added", "replaced": "changed"}.get(verb, verb)
    return f'<span class="diff-sign diff-{look}">{text or SIGNS[verb]}</span>'


def _leaves(change: Change, place: ChangePath) -> Iterator[tuple[ChangePath, Change]]:
    if not change.inside:
        yield place, change
    for inner in change.inside:
        step = f"[{inner.at}]" if isinstance(inner.at, int) else _brief(inner.at, 80)
        yield from _leaves(inner, (*place, f"{step} {_brief(inner.name, 80)}".strip()))


def _row(lead: str, change: Change, limit: int) -> str:
    """Draw a change that holds no others: in the line that names it where it's short, else below."""
    if change.kind == "text":
        line, below = _text(change.runs, limit)
    elif change.kind == "changed":
        line, below = _pair(change.before, change.after, limit)
    elif change.kind == "removed":
        line, below = _whole(change.before, "removed", limit)
    else:
        line, below = _whole(change.after, "added", limit)
    return f'<div class="diff-row"><p>{lead} {line}</p>{below}</div>'


def _pair(before: Json, after: Json, limit: int) -> tuple[str, str]:
    """Return what goes into the line and what goes below it, for a value that became another."""
    old, new = _type(before), _type(after)
    types = f'<span class="diff-type">{escape(old if old == new else f"{old} → {new}")}</span>'
    one, other = _json(before), _json(after)
    if max(len(one), len(other)) <= 2 * SHORT:
        texts = escape(shown(one)), escape(shown(other))
        return f'<span class="diff-json"><del>{texts[0]}</del> → <ins>{texts[1]}</ins></span> {types}', ""
    sides = [
        f'<div><span class="diff-type">{side}</span>{_value(value, kind, limit)}</div>'
        for side, value, kind in (("before", before, "removed"), ("after", after, "added"))
    ]
    return types, f'<div class="diff-pair">{"".join(sides)}</div>'


def _whole(value: Json, kind: str, limit: int) -> tuple[str, str]:
    """Return the same for a value that came or went; for a message its text, then what else it holds."""
    text = value.get("text") if isinstance(value, dict) and isinstance(value.get("role"), str) else None
    if isinstance(text, str):
        rest = {key: item for key, item in value.items() if key not in ("role", "text", "id") and item}
        parts = ([text] if text or not rest else []) + ([rest] if rest else [])
        return "", "".join(_value(part, kind, limit) for part in parts)
    types = f'<span class="diff-type">{_type(value)}</span>'
    line = value if isinstance(value, str) else _json(value)
    if len(line) > 2 * SHORT or "\n" in line:
        return types, _value(value, kind, limit)
    look = "" if isinstance(value, str) else " diff-json"
    return f'<span class="diff-tint diff-{kind}{look}">{escape(_seen(shown(line)) or "(empty)")}</span> {types}', ""


def _type(value: Json) -> str:
    if isinstance(value, (list, dict)):
        return f"{type(value).__name__} of {_size(len(value), 'item' if isinstance(value, list) else 'key')}"
    return "None" if value is None else type(value).__name__


def _value(value: Json, kind: str, limit: int) -> str:
    whole = value if isinstance(value, str) else _json(value)
    if not isinstance(value, str) and len(whole) > 2 * SHORT:
        whole = _json(value, 2)
    look = "" if isinstance(value, str) else " diff-json"
    text = escape(_seen(shown(whole, limit)) or "(empty)")
    body = f'<div class="diff-value diff-side diff-{kind}{look}">{text}</div>'
    if len(whole) <= OPEN and whole.count("\n") < LINES:
        return body
    return f"<details><summary>{escape(_brief(whole, 80))} ({len(whole):,} characters)</summary>{body}</details>"


def _text(runs: Sequence[Run], limit: int) -> tuple[str, str]:
    """Return the same for a changed text, in one piece: what went struck through, what came underlined."""
    drawn: list[str] = []
    room = limit
    for number, run in enumerate(runs[:PIECES]):
        if room <= 0:
            break
        is_same = run.kind == "same"
        drawn.append(_near(run.text, number > 0, number < len(runs) - 1) if is_same else _marked(run, room))
        room -= min(len(run.text), 2 * NEAR) if is_same else len(run.text)
    left = sum(run.kind != "same" for run in runs[len(drawn) :])
    cut = f'<span class="diff-cut">… and {_size(left, "further piece")} not shown</span>' if left else ""
    body = f'<span class="diff-value">{"".join(drawn)}{cut}</span>'
    if limit - room <= 2 * SHORT and not any("\n" in run.text for run in runs):
        return body, ""
    if limit - room <= 4 * OPEN:
        return "", body
    places = sum(run.kind != "same" for run in runs)
    return "", f"<details><summary>{_size(places, 'piece')} of the text changed</summary>{body}</details>"


def _near(text: str, before: bool, after: bool) -> str:
    """Return what is near a change of a text that stayed, in whole words: its beginning, its end or both."""
    head, tail = text[:NEAR] if before else "", text[-NEAR:] if after else ""
    left = len(text) - len(head) - len(tail)
    if left <= NEAR:
        return escape(shown(text))
    head, tail = re.sub(r"(?<=\s)\S+$", "", head), re.sub(r"^\S+(?=\s)", "", tail)
    cut = f'<span class="diff-cut"> … {len(text) - len(head) - len(tail):,} characters unchanged … </span>'
    return escape(shown(head)) + cut + escape(shown(tail))


def _marked(run: Run, limit: int) -> str:
    tag = "del" if run.kind == "removed" else "ins"
    text = _seen(shown(run.text, limit))
    # A line end inside would draw an empty mark at the beginning of the next line.
    body = text.rstrip("\n")
    return f"<{tag}>{escape(body)}</{tag}>{text[len(body) :]}"


def _seen(text: str) -> str:
    """Return blanks that stand alone as signs, so that their coming and going is seen."""
    return text if text.strip() else text.replace(" ", "␣").replace("\t", "⇥").replace("\n", "⏎\n")
