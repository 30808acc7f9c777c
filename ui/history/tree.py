"""The tree of a thread's checkpoints as a picture: a row per branch, steps from left to right, long runs folded.

What a checkpoint is shows by its shape and symbol beside its colour, and is written out for screen readers.
"""

import html
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from lab.history import Mark, Tree
from ui.common import shown
from ui.graph import GLYPHS
from ui.history.folding import BranchRow, Fold, Folded, fold

__all__ = ["Pick", "describe_tree", "draw_checkpoint_tree", "tree_html"]

ROW, MIDDLE = 54, 27
"""The height of a branch's row, and from its top to its line."""
LEFT, HALF, GAP = 34, 10, 16
"""Before a row's first mark, half a mark's width, and between two marks."""

SHAPES = {
    "input": '<circle class="b" r="8.5"/><path class="g solid" d="M-2.2-4L4.4 0L-2.2 4Z"/>',
    "loop": '<circle class="b" r="5"/>',
    "update": '<path class="b" d="M-8-8H8V8H-8Z"/><path class="g" d="M-4.5 4.5L-3.5 1L2-4.5L4.5-2L-1 3.5Z"/>',
    "fork": '<path class="b" d="M0-11L11 0L0 11L-11 0Z"/><path class="g" d="M3.4-2.6A4.2 4.2 0 1 0 4 1M4-5.4V-2H1"/>',
    "asked": f'<circle class="b" r="8.5"/><path class="g" d="{GLYPHS["waiting"]}"/>',
    "failed": f'<path class="b" d="M-4-9H4L9-4V4L4 9H-4L-9 4V-4Z"/><path class="g" d="{GLYPHS["failed"]}"/>',
    "finished": f'<circle class="b" r="8.5"/><path class="g" d="{GLYPHS["done"]}"/>',
}
SAID = ("input", "step", "edited", "replayed", "asked a question", "failed", "finished")
WORDS = dict(zip(SHAPES, SAID, strict=True))
PICKED = '<rect class="ring" x="-13" y="-13" width="26" height="26" rx="6"/>'
HEAD = '<path class="flag" d="M0-10V-25L13-20.5L0-16"/>'
PILL = '<rect class="b" x="{0}" y="-11" width="{1}" height="22" rx="11"/>'


@dataclass(frozen=True, slots=True)
class Pick:
    """What was just picked: a checkpoint, or a fold to open or close."""

    id: str
    fold: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    tree: Tree
    selected: str | None
    way: Collection[str]
    """The checkpoints on the way to the selected one."""
    leaving: Mapping[str, Sequence[int]]
    """By fork point, the branches that leave there."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A mark or fold at its place; `half` is half its width, `marked` what a fold holds beside plain steps."""

    item: Mark | Fold
    x: float
    y: int
    half: float
    marked: Mapping[str, int]

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self.item.marks if isinstance(self.item, Fold) else (self.item,)


_mount = st.components.v2.component(
    "lab_tree",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def draw_checkpoint_tree(
    tree: Tree, *, key: str, selected: str | None = None, opened: Collection[str] = frozenset(), height: int = 420
) -> Pick | None:
    """Show the tree, scrolling where it's higher than `height` pixels or a third of the window, and return the pick."""
    picture = fold(tree, selected=selected, opened=opened)
    drawn = tree_html(tree, picture, selected=selected, height=height)
    data = {"html": drawn, "shown": selected if selected in tree.marks else tree.head}
    with st.container(key=f"tree_{key}"):
        result = _mount(key=f"checkpoints_{key}", data=data, on_picked_change=lambda: None)
    picked = result.get("picked")
    # What comes from the browser may be anything, or belong to a tree that has changed since.
    if isinstance(picked, str) and picked in tree.marks:
        return Pick(picked, fold=False)
    folds = {item.id for lane in picture.lanes for item in lane.items if isinstance(item, Fold)}
    return Pick(picked, fold=True) if isinstance(picked, str) and picked in folds else None


def tree_html(tree: Tree, picture: Folded, *, selected: str | None = None, height: int = 420) -> str:
    """Draw a folded tree as HTML, in the colours of the page's theme."""
    selected = selected if selected in tree.marks else None
    way = {mark.checkpoint_id for mark in tree.lineage(selected)} if selected else set()
    scene = _Scene(tree, selected, way, tree.forks())
    rows = list(zip(picture.lanes, _placed(picture), strict=True))
    spots = {spot.marks[0].checkpoint_id: spot for _, row in rows for spot in row}
    tall, wide = ROW * len(rows) - 1, max((row[-1].x + row[-1].half for _, row in rows), default=0) + LEFT
    parts = [_track(lane, row, spots, way) for lane, row in rows]
    parts += [_band(spot, row) for _, row in rows for spot in row if isinstance(spot.item, Fold) and spot.item.open]
    parts += [_item(scene, number, lane, spot) for number, (lane, row) in enumerate(rows) for spot in row]
    names = "".join(_name(lane, row[0].y, way) for lane, row in rows)
    return (
        f'<p class="ct-said">{html.escape(describe_tree(tree, picture, selected))}</p>'
        f'<div class="ct-frame" style="max-height:min({height:d}px,34vh);--row:{ROW}px">'
        f'<div class="ct-names" aria-hidden="true" style="height:{tall}px">{names}</div>'
        f'<svg class="ct" width="{wide:.0f}" height="{tall}" role="group" '
        f'aria-label="Checkpoints; arrow keys move, Enter selects">{"".join(parts)}</svg></div>'
        f"{_more(picture)}{_legend(scene, rows)}"
    )


def _placed(picture: Folded) -> list[list[_Spot]]:
    """Return each row's marks their places; a branch begins one step after the point that it leaves from."""
    rows: list[list[_Spot]] = []
    ends: dict[str | None, float] = {}
    for number, lane in enumerate(picture.lanes):
        right = ends[lane.branch.forked_from] if lane.joined else LEFT - GAP - HALF
        row = []
        for item in lane.items:
            marked = _marked_steps(item) if isinstance(item, Fold) and not item.open else {}
            half = HALF if isinstance(item, Mark) else (len(_count(item)) * 7.6 + 20 + 15 * len(marked)) / 2
            spot = _Spot(item, right + GAP + half, number * ROW + MIDDLE, half, marked)
            right = spot.x + half
            ends[spot.marks[-1].checkpoint_id] = right
            row.append(spot)
        rows.append(row)
    return rows


def _track(lane: BranchRow, row: Sequence[_Spot], spots: Mapping[str, _Spot], way: Collection[str]) -> str:
    start = spots[lane.branch.forked_from or ""] if lane.joined else None
    passed = [spot.x for spot in row if spot.marks[0].checkpoint_id in way]
    drawn = f'<path class="ln" d="{_path(start, row[0], row[-1].x)}"/>'
    if not start and lane.branch.own[0].parent_id:
        drawn += f'<path class="ln cut" d="M{row[0].x - 34:.0f} {row[0].y}h34"/>'
    return drawn + (f'<path class="way" d="{_path(start, row[0], passed[-1])}"/>' if passed else "")


def _path(start: _Spot | None, first: _Spot, end: float) -> str:
    if not start:
        return f"M{first.x:.0f} {first.y}H{end:.0f}"
    # Lines that leave different branches at the same step stand a little apart.
    turn = start.x + HALF + GAP / 2 + (start.y // ROW % 3 - 1) * 3 - 6
    return f"M{start.x:.0f} {start.y}H{turn:.0f}q6 0 6 7V{first.y - 7}q0 7 6 7H{max(first.x, end):.0f}"


def _band(spot: _Spot, row: Sequence[_Spot]) -> str:
    """Draw the ground on which stands what an opened fold holds."""
    right = max(other.x + other.half for other in row if other.marks[-1] is spot.marks[-1])
    left = spot.x - spot.half
    return f'<rect class="band" x="{left:.0f}" y="{spot.y - 18}" width="{right - left + 6:.0f}" height="42" rx="12"/>'


def _item(scene: _Scene, number: int, lane: BranchRow, spot: _Spot) -> str:
    item, own = spot.item, lane.branch.own
    if isinstance(item, Fold):
        ident, said, look, drawn = item.id, _fold_said(item, spot.marked), "fold", _pill(item, spot.half, spot.marked)
        look += f'" aria-expanded="{"true" if item.open else "false"}'
    else:
        ident, said, look, drawn = item.checkpoint_id, _said(scene, item), "mark", _mark(scene, item)
        look += '" aria-current="true' if item.checkpoint_id == scene.selected else ""
    start = f' data-from="{_safe(lane.branch.forked_from)}"' if lane.joined and spot.marks[0] is own[0] else ""
    stop = 0 if ident == (scene.selected or scene.tree.head) else -1
    return (
        f'<g class="it {look}" data-id="{_safe(ident)}" data-lane="{number}" data-x="{spot.x:.0f}"{start} '
        f'transform="translate({spot.x:.0f} {spot.y})" tabindex="{stop}" role="button" aria-label="{_safe(said)}">'
        f"<title>{_safe(said)}</title>{drawn}</g>"
    )


def _kinds(mark: Mark) -> tuple[str, list[str]]:
    """Return what wrote a checkpoint, as a key of SHAPES, and what happened there."""
    happened = {"failed": mark.failed, "asked": mark.interrupted, "finished": mark.finished}
    source = mark.source if mark.source in SHAPES else "loop"
    return source, [kind for kind, so in happened.items() if so]


def _mark(scene: _Scene, mark: Mark) -> str:
    source, happened = _kinds(mark)
    # A plain step shows what happened there by its own shape; all else carries it as a badge.
    body = happened.pop(0) if source == "loop" and happened else source
    badges = (
        f'<g class="{kind}" transform="translate({side * 9} -9) scale(.65)">{SHAPES[kind]}</g>'
        for side, kind in zip((1, -1), happened, strict=False)
    )
    head = mark.checkpoint_id == scene.tree.head
    return (
        '<rect class="hit" x="-16" y="-18" width="32" height="44" rx="6"/>'
        f"{PICKED if mark.checkpoint_id == scene.selected else ''}{HEAD if head else ''}"
        f'<g class="{body}{" head" if head else ""}">{SHAPES[body]}</g>{"".join(badges)}'
        f'<text class="no" y="19" aria-hidden="true">{_safe(mark.step)}</text>'
    )


def _pill(item: Fold, half: float, marked: Mapping[str, int]) -> str:
    left = half - 15 * len(marked)
    small = "".join(
        f'<g class="{kind}" transform="translate({left + 15 * place:.0f} 0) scale(.65)">{SHAPES[kind]}</g>'
        for place, kind in enumerate(marked)
    )
    steps = _safe(f"{item.marks[0].step}–{item.marks[-1].step}")
    return (
        f'{PILL.format(round(-half, 1), round(2 * half, 1))}<text x="{10 - half:.1f}" aria-hidden="true">{_count(item)}'
        f'</text>{small}<text class="no" y="19" aria-hidden="true">{"" if item.open else steps}</text>'
    )


def _count(item: Fold) -> str:
    return f"{'−' if item.open else '…'} {len(item.marks):,} steps"


def _marked_steps(item: Fold) -> dict[str, int]:
    """Count what a fold holds beside plain steps, in the order of WORDS."""
    counts = Counter(mark.source for mark in item.marks)
    counts["asked"] = sum(mark.interrupted for mark in item.marks)
    counts["failed"] = sum(mark.failed for mark in item.marks)
    return {kind: counts[kind] for kind in WORDS if kind not in ("loop", "finished") and counts[kind]}


def _said(scene: _Scene, mark: Mark) -> str:
    source, happened = _kinds(mark)
    leaving = len(scene.leaving.get(mark.checkpoint_id, ()))
    said = [f"Step {mark.step}", WORDS[source] if source != "loop" else "", *(WORDS[kind] for kind in happened)]
    said += [f"{_many(leaving, 'branch')} from here" if leaving else ""]
    said += ["head" if mark.checkpoint_id == scene.tree.head else ""]
    said += ["selected" if mark.checkpoint_id == scene.selected else ""]
    return ", ".join(filter(None, (*said, scene.tree.branch_of(mark.checkpoint_id).name)))


def _fold_said(item: Fold, marked: Mapping[str, int]) -> str:
    said = [f"{len(item.marks):,} steps, {item.marks[0].step} to {item.marks[-1].step}"]
    said += [f"{count:,} {WORDS[kind]}" for kind, count in marked.items()]
    return ", ".join([*said, "opened: pick to fold" if item.open else "folded: pick to open"])


def _name(lane: BranchRow, y: int, way: Collection[str]) -> str:
    branch = lane.branch
    number = f"branch {branch.number} · " if branch.name != f"branch {branch.number}" and branch.number > 1 else ""
    chosen = " chosen" if branch.own[0].checkpoint_id in way else ""
    return (
        f'<div class="ct-name{chosen}" style="top:{y - MIDDLE}px" title="{_safe(branch.name)}" '
        f'data-id="{_safe(branch.leaf.checkpoint_id)}"><b>{_safe(branch.name)}</b>'
        f"<small>{number}{_many(len(branch.own), 'step')}</small></div>"
    )


def _more(picture: Folded) -> str:
    said = f"{_many(picture.hidden, 'more branch')}, drawn when a checkpoint there is selected."
    return f'<p class="ct-more">{said}</p>' if picture.hidden else ""


def _legend(scene: _Scene, rows: Sequence[tuple[BranchRow, Sequence[_Spot]]]) -> str:
    spots = [spot for _, row in rows for spot in row]
    marks = [spot.item for spot in spots if isinstance(spot.item, Mark)]
    kinds = {kind for mark in marks for kind in (_kinds(mark)[0], *_kinds(mark)[1])}
    kinds |= {kind for spot in spots for kind in spot.marked}
    signs = [(f'<g class="{kind}">{SHAPES[kind]}</g>', WORDS[kind]) for kind in WORDS if kind in kinds]
    signs += [(f'<g class="loop head" transform="translate(-3 10)">{SHAPES["loop"]}{HEAD}</g>', "head, written last")]
    signs += [(f'{PICKED}<g class="loop">{SHAPES["loop"]}</g>', "selected")] if scene.selected else []
    if len(marks) < len(spots):
        signs.append((f'<g class="fold">{PILL.format(-15, 30)}<text x="-6">…</text></g>', "folded steps"))
    drawn = '<li><svg class="ct" viewBox="-16 -16 32 32" aria-hidden="true">{}</svg>{}</li>'
    return f'<ul class="ct-legend">{"".join(drawn.format(*sign) for sign in signs)}</ul>'


def describe_tree(tree: Tree, picture: Folded, selected: str | None = None) -> str:
    """Say in words what the picture shows."""
    said = [f"{_many(len(tree.marks), 'checkpoint')} in {_many(len(tree.branches), 'branch')}."]
    for branch in (lane.branch for lane in picture.lanes):
        start = tree.marks.get(branch.forked_from or "")
        where = f" from step {start.step} of {_line(tree.branch_of(start.checkpoint_id).name)}" if start else ""
        happened = [WORDS[kind] for kind in _kinds(branch.leaf)[1]]
        happened += ["head"] if branch.leaf.checkpoint_id == tree.head else []
        ends = ", ".join([f"ends at step {branch.leaf.step}", *happened])
        said.append(f"{_line(branch.name)}: {_many(len(branch.own), 'checkpoint')}{where}, {ends}.")
    if selected and selected in tree.marks:
        said.append(f"Selected: step {tree.marks[selected].step} of {_line(tree.branch_of(selected).name)}.")
    return " ".join(said)


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 'es' if word.endswith('h') else 's'}"


def _line(text: object) -> str:
    """Return a visitor's text as one line, cut, with what can't be seen made visible."""
    return " ".join(shown(text, 200).split())


def _safe(text: object) -> str:
    return html.escape(_line(text))
