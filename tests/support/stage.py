"""Where the parts of a pattern's lanes stand in the window, and what of them is out of place."""

from playwright.sync_api import Page

STAGE = """() => {
const size = text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize)
return [...document.querySelectorAll('[class*="st-key-stage_"] > .stGridCell')].map(cell => {
  const box = found => {
    if (!found) return null
    const {top, bottom, left, right} = found.getBoundingClientRect()
    return [top, bottom, left, right]
  }
  const stream = cell.querySelector('[class*="st-key-stream_"]')
  const buttons = [...cell.querySelectorAll('[class*="st-key-lane_card_"] button')].filter(
    one => /primary|secondary/.test(one.dataset.testid) && one.checkVisibility())
  return {
    title: box(cell.querySelector('h2')),
    status: box(cell.querySelector('.stMarkdownBadge')),
    graph: box(cell.querySelector('svg.lg')),
    stream: box(stream),
    newest: box(stream?.lastElementChild),
    button: box(buttons.at(-1)),
    small: [...cell.querySelectorAll('.lg-picture svg.lg text')].filter(
      text => text.getClientRects().length && size(text) < 10.99
    ).map(text => text.textContent),
  }
})
}"""
"""Of each lane its parts' tops, bottoms and sides in the window, and the labels of its graph under 11 px."""

ALIGNED = ("title", "status", "graph", "stream")
PRESENT = (*ALIGNED, "newest")


def out_of_place(page: Page) -> list[str]:
    """Return what of the lanes isn't whole in the window, isn't level with the other lanes, or is too small."""
    lanes = page.evaluate(STAGE)
    wrong = [] if lanes else ["no lane is drawn"]
    if page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop"):
        wrong.append("the page is scrolled")
    for number, lane in enumerate(lanes):
        wrong += [f"lane {number} lacks its {name}" for name in PRESENT if lane[name] is None]
        wrong += [f"lane {number}: {label} is too small" for label in lane.pop("small")]
        wrong += [f"lane {number}: {what}" for what in _outside(page, lane)]
    if not wrong:
        for name in ALIGNED:
            tops = [lane[name][0] for lane in lanes]
            if max(tops) - min(tops) > 2:
                wrong.append(f"{name} begins at {tops}")
    return wrong


def _outside(page: Page, lane: dict[str, list[float]]) -> list[str]:
    size, newest, stream = page.viewport_size, lane["newest"], lane["stream"]
    assert size is not None
    outside = [
        f"{name} is outside the window: {box}"
        for name, box in lane.items()
        if name != "newest" and box is not None
        if box[0] < 0 or box[1] > size["height"] or box[2] < 0 or box[3] > size["width"]
    ]
    # Of a long one the end is what's new.
    if newest and stream and not stream[0] <= newest[1] <= stream[1] + 1:
        outside.append(f"the newest text ends outside its place: {newest}, {stream}")
    return outside


COMES_NEXT = """() => {
  const said = document.querySelector('.st-key-play_bar [role=status]')?.innerText ?? ''
  return /played to its end/.test(said) ? 'end' : /Next/.test(said) && 'step'
}"""


def comes_next(page: Page) -> str:
    """Wait until a play tells its next step or that it's over, and return which: 'step' or 'end'."""
    word: str = page.wait_for_function(COMES_NEXT, timeout=60_000).json_value()
    return word


SIDEWAYS = """() => ['html', '[data-testid=stMain]', '.stMainBlockContainer'].filter(css => {
  const found = document.querySelector(css)
  return found.scrollWidth > found.clientWidth
})"""


def sideways(page: Page) -> list[str]:
    """Return the parts of the page that are wider than their place."""
    wide: list[str] = page.evaluate(SIDEWAYS)
    return wide
