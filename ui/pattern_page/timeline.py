"""The steps of several lanes as bars on one time axis, with failed attempts and the waits between."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.events import StepView
from ui.common import node_path, shown

ROW = 22
NAME = 190
ROOM = 130
"""Pixels behind the longest bar, for its time and attempts."""
WIDTH = 900
LONG = 5.0
"""Seconds without any work that are drawn as a short gap, such as the wait for a person."""
GAP = 0.4
"""Seconds that such a gap takes up on the axis."""

SAID = 40
"""Pixels of a wait on which its length is written."""

LOOK = {
    "done": "var(--st-green-text-color)",
    "failed": "var(--st-red-text-color)",
    "running": "var(--st-blue-text-color)",
    "waiting": "var(--st-orange-text-color)",
    "stopped": "var(--st-violet-text-color)",
    "killed": "var(--st-red-text-color)",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """Time as it's drawn: long waits are cut short."""

    begin: float
    cuts: tuple[tuple[float, float], ...]
    length: float

    def x(self, at: float) -> float:
        """Return where a moment is drawn."""
        return NAME + (WIDTH - NAME - ROOM) * self.seconds(at) / self.length

    def seconds(self, at: float) -> float:
        """Return the seconds from the beginning, cuts taken out."""
        lost = sum(min(max(at - begin, 0.0), end - begin) * (1 - GAP / (end - begin)) for begin, end in self.cuts)
        return max(0.0, at - self.begin - lost)


def draw_timeline(lanes: Sequence[tuple[str, Sequence[StepView]]]) -> str:
    """Draw each lane's steps as SVG; the lanes start at the same zero so that they can be compared."""
    drawn = [(title, [step for step in steps if step.spans]) for title, steps in lanes]
    drawn = [(title, steps) for title, steps in drawn if steps]
    if not drawn:
        return ""
    axes = [_axis(steps) for _, steps in drawn]
    length = max(axis.length for axis in axes)
    rows = sum(len(steps) + 1 for _, steps in drawn)
    height = rows * ROW + 30
    parts: list[str] = []
    y = 6
    for (title, steps), axis in zip(drawn, axes, strict=True):
        shared = Axis(axis.begin, axis.cuts, length)
        parts.extend(_lane(title, steps, shared, y, axis.length))
        y += ROW * (len(steps) + 1)
    style = f"min-width:{WIDTH * 2 // 3}px;max-width:{WIDTH}px;font-family:var(--st-font);font-size:13px"
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="100%" role="img" aria-label="Timeline of the steps" '
        f'style="{style}">{"".join(parts)}{_scale(length, height)}</svg>'
    )


def _axis(steps: Sequence[StepView]) -> Axis:
    spans = sorted(span for step in steps for span in step.spans)
    begin, reached = spans[0]
    cuts = []
    for start, end in spans:
        if start - reached > LONG:
            cuts.append((reached, start))
        reached = max(reached, end)
    axis = Axis(begin, tuple(cuts), 1.0)
    return Axis(begin, tuple(cuts), max(axis.seconds(reached), 0.001))


def _lane(title: str, steps: Sequence[StepView], axis: Axis, y: int, total: float) -> Iterator[str]:
    yield _text(0, y + 15, f"{title} · {_span_text(total)}", "font-weight:600")
    for number, step in enumerate(steps, start=1):
        yield from _row(step, axis, y + number * ROW)


def _row(step: StepView, axis: Axis, y: int) -> Iterator[str]:
    name = node_path(step.path)
    worked = sum(end - begin for begin, end in step.spans)
    tries = len(step.failed_attempts) + (step.status != "failed")
    failures = f", {len(step.failed_attempts)} failed of {tries} attempts" if tries > 1 else ""
    note = f"{name}: {step.status}, {_span_text(worked)}{failures}"
    yield f"<g><title>{_escape(note)}</title>{_text(8, y + 15, _short(name))}"
    for begin, end in _busy(step):
        yield _bar(axis.x(begin), axis.x(end), y, LOOK[step.status])
    for before, after in zip(step.spans, step.spans[1:], strict=False):
        yield _line(axis.x(before[1]), axis.x(after[0]), y)
    for begin, end in step.waits:
        yield from _wait(axis.x(begin), axis.x(end), y, end - begin)
    for attempt in step.failed_attempts:
        yield _bar(axis.x(attempt.started), axis.x(attempt.ended), y, LOOK["failed"], hatched=True)
    last = axis.x(step.spans[-1][1])
    count = f" · {tries} attempts" if tries > 1 else ""
    yield f"{_text(last + 6, y + 15, f'{_span_text(worked)}{count}', 'opacity:.8')}</g>"


def _busy(step: StepView) -> Iterator[tuple[float, float]]:
    """Return the spans of a step without the waits for another try."""
    for begin, end in step.spans:
        at = begin
        for pause, again in step.waits:
            if begin <= pause and again <= end:
                yield at, pause
                at = again
        yield at, end


def _wait(begin: float, end: float, y: int, seconds: float) -> Iterator[str]:
    """Draw a wait between two tries, with its length where there is room for it."""
    yield _line(begin, end, y)
    if end - begin > SAID:
        yield _text((begin + end) / 2, y + 8, _span_text(seconds), "text-anchor:middle;font-size:10px;opacity:.8")


def _bar(begin: float, end: float, y: int, color: str, *, hatched: bool = False) -> str:
    dash = ' stroke-dasharray="3 2"' if hatched else ""
    return (
        f'<rect x="{begin:.1f}" y="{y + 4}" width="{max(end - begin, 2):.1f}" height="{ROW - 8}" rx="2" '
        f'style="fill:{color};stroke:var(--st-text-color);stroke-width:{1 if hatched else 0}"{dash}></rect>'
    )


def _line(begin: float, end: float, y: int) -> str:
    middle = y + ROW / 2
    return (
        f'<line x1="{begin:.1f}" y1="{middle}" x2="{end:.1f}" y2="{middle}" stroke-dasharray="2 3" '
        'style="stroke:var(--st-text-color)"></line>'
    )


def _scale(length: float, height: int) -> str:
    marks = [length * part / 4 for part in range(5)]
    axis = Axis(0.0, (), length)
    return "".join(_text(axis.x(mark), height - 6, _span_text(mark), "opacity:.8;text-anchor:middle") for mark in marks)


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y}" style="fill:var(--st-text-color);{style}">{_escape(text)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _escape(text: str) -> str:
    # Line ends would end the HTML block inside the Markdown that carries it.
    return html.escape(" ".join(shown(text, 200).split()))


def _span_text(span: float) -> str:
    return f"{span * 1000:.0f} ms" if span < 1 else f"{span:.2f} s"
