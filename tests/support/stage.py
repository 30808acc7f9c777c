"""Where the parts of a pattern's lanes stand in the window, and what of them is out of place."""

from playwright.sync_api import Page

LEGIBLE = "(text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize) >= 10.99)"
"""Tells of a text in a graph whether it has 11 px on the screen, but for what rounding takes."""

STAGE = (
    "() => { const legible = "
    + LEGIBLE
    + """
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
    newest: box([...(stream?.querySelectorAll(":scope > * > * > *") ?? [])].at(-1)),
    button: box(buttons.at(-1)),
    small: [...cell.querySelectorAll('.lg-picture svg.lg text')].filter(
      text => text.getClientRects().length && !legible(text)
    ).map(text => text.textContent),
  }
})
}"""
)
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
  const next = document.querySelector('[class*="_play_next"] button')
  return /played to its end/.test(said) ? 'end' : /Next/.test(said) && next && !next.disabled && 'step'
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


OVERLAPS = """() => {
  const clipped = (box, element) => {
    let {left, top, right, bottom} = box
    for (let one = element; one; one = one.parentElement) {
      const {overflowX, overflowY} = getComputedStyle(one)
      if (overflowX === 'visible' && overflowY === 'visible') continue
      const edge = one.getBoundingClientRect()
      left = Math.max(left, edge.left); right = Math.min(right, edge.right)
      top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom)
    }
    return {left, top, right, bottom}
  }
  // What others scroll under hides them, unless it lets them through.
  const cover = element => {
    for (let one = element; one; one = one.parentElement) {
      const {position, backgroundColor} = getComputedStyle(one)
      if (position === 'sticky' && backgroundColor.startsWith('rgb(')) return one
    }
  }
  const texts = []
  const walker = document.createTreeWalker(document.querySelector('[data-testid=stMain]'), NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const {parentElement: element, textContent} = walker.currentNode
    // Labels of a graph stand on their lines, and what is for screen readers only is one pixel large.
    if (!textContent.trim() || element.closest('svg, style, .lg-now, [data-testid=stIconMaterial]')) continue
    if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
    const range = document.createRange()
    range.selectNodeContents(walker.currentNode)
    for (const rect of range.getClientRects()) {
      const box = clipped(rect, element)
      if (box.right - box.left > 3 && box.bottom - box.top > 3) {
        texts.push({...box, element, cover: cover(element), said: textContent.trim()})
      }
    }
  }
  const found = []
  texts.forEach((one, number) => {
    for (const other of texts.slice(number + 1)) {
      if (one.element.contains(other.element) || other.element.contains(one.element)) continue
      if (one.cover !== other.cover) continue
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left)
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
      if (wide > 2 && high > 4) found.push(`${one.said.slice(0, 40)} | ${other.said.slice(0, 40)}`)
    }
  })
  return found
}"""


def overlapping(page: Page) -> list[str]:
    """Return the pairs of texts of which one stands over the other."""
    pairs: list[str] = page.evaluate(OVERLAPS)
    return pairs


CUT = """() => {
  const whole = '[class*="st-key-lane_head_"], [class*="st-key-lane_line_"], [class*="st-key-lane_status_"],' +
    '.st-key-page_head, .st-key-run_bar summary'
  const texts = document.querySelectorAll('[data-testid=stMain] :is(p, h1, h2, h3, span, label, button, code)')
  return [...texts].filter(one => {
    const {overflowX, overflowY} = getComputedStyle(one)
    if (!one.innerText?.trim() || !one.checkVisibility() || one.closest(whole) || one.clientWidth < 3) return false
    const cut = {hidden: true, clip: true}
    return (cut[overflowX] && one.scrollWidth > one.clientWidth + 1)
      || (cut[overflowY] && one.scrollHeight > one.clientHeight + 2)
  }).map(one => one.innerText.slice(0, 60))
}"""
"""Of texts that are cut only those have a way to the whole that stand beside the button which opens it."""


def cut_texts(page: Page) -> list[str]:
    """Return the texts of which a part is out of sight, with nothing beside them that opens the whole."""
    cut: list[str] = page.evaluate(CUT)
    return cut
