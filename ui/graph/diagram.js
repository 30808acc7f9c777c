const LEGIBLE = 11 // pixels of a text on the screen
const BESIDE = 12 // of the texts beside edges and at subgraphs, before the picture is scaled
const LABEL = 14 // of those in boxes
const OUTLINE = 0.5 // of its size, below which boxes have no room for labels
const LINE = 1.1 // of a label, and the room that its letters need in height, in sizes of its font
const CAPITALS = 0.8
const LEFT = 8 // of a label in its box, where the badge is, and right of it
const RIGHT = 4
const NARROWEST = 0.85 // to which a label may be condensed before it's cut

export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".lg-frame") ?? framed(parentElement)
  // Setting the same picture again would make it flicker.
  if (frame.drawn !== data.svg) {
    frame.drawn = data.svg
    frame.picture.innerHTML = data.svg
    if (frame.dialog.open) frame.large.innerHTML = data.svg
    fit(frame)
  }
  frame.opener.hidden = !data.title
  frame.opener.setAttribute("aria-label", `Show the graph of ${data.title} large`)
  frame.dialog.setAttribute("aria-label", `Graph of ${data.title}`)
}

function framed(parent) {
  const frame = document.createElement("div")
  frame.className = "lg-frame"
  // A dialog inside the frame gets the same highlight, which goes by the frame's place in the page.
  frame.innerHTML = `
    <div class="lg-picture"></div>
    <button type="button" class="lg-open" hidden>${sign("M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10")}</button>
    <dialog class="lg-dialog">
      <form method="dialog"><button class="lg-close" aria-label="Close">${sign("M3 3L13 13M13 3L3 13")}</button></form>
      <div class="lg-large"></div>
    </dialog>`
  frame.picture = frame.querySelector(".lg-picture")
  frame.large = frame.querySelector(".lg-large")
  frame.opener = frame.querySelector(".lg-open")
  frame.dialog = frame.querySelector("dialog")
  const open = () => {
    if (frame.opener.hidden || frame.dialog.open) return
    frame.large.innerHTML = frame.drawn
    frame.dialog.showModal()
  }
  frame.dialog.addEventListener("close", () => frame.large.replaceChildren())
  frame.opener.addEventListener("click", open)
  frame.picture.addEventListener("click", open)
  // A press beside the picture closes it, as with other dialogs.
  frame.dialog.addEventListener("click", event => event.target === frame.dialog && frame.dialog.close())
  parent.appendChild(frame)
  new ResizeObserver(() => fit(frame)).observe(frame.picture)
  return frame
}

const sign = path => `<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="${path}"/></svg>`

function fit({ picture }) {
  const drawn = picture.querySelector("svg")
  if (!drawn) return
  const { width, height } = drawn.getBoundingClientRect()
  const whole = drawn.viewBox.baseVal
  const scale = Math.min(width / whole.width, height / whole.height)
  drawn.classList.toggle("no-text-beside", scale > 0 && scale * BESIDE < LEGIBLE)
  drawn.classList.toggle("outline", scale > 0 && scale < OUTLINE)
  if (scale >= OUTLINE) fitLabels(drawn, LEGIBLE / scale)
  // What scrolls has to be reached by keyboard; what doesn't is no stop on the way.
  if (picture.scrollWidth > picture.clientWidth) picture.tabIndex = 0
  else picture.removeAttribute("tabindex")
}

// The labels of a small picture are drawn larger than the picture, as far as their boxes have room.
function fitLabels(drawn, least) {
  drawn.style.setProperty("--least", `${least}px`)
  // Most pictures have their whole size, whatever the window does: nothing in them is written or measured.
  const size = Math.max(LABEL, least)
  if (size === (drawn.labelSize ?? LABEL)) return
  drawn.labelSize = size
  const labels = [...drawn.querySelectorAll(".nd")].flatMap(node => inBox(node, size))
  if (size === LABEL) return
  // Measured once all are written, as each look at a length after a change would lay the page out anew.
  const fitting = labels.map(([text, room]) => [text, room, room / text.getComputedTextLength()])
  for (const [text, room, share] of fitting) {
    if (share < NARROWEST) text.textContent = shortened(text.whole, share)
    else if (share < 1) text.setAttribute("textLength", room)
  }
}

function inBox(node, size) {
  const box = node.querySelector(".box")
  const width = box.width.baseVal.value
  const height = box.height.baseVal.value
  const texts = [...node.querySelectorAll(":scope > text")]
  const spaced = size === LABEL ? 0 : LINE * size
  for (const text of texts) {
    text.whole ??= text.textContent
    text.drawnAt ??= { x: Number(text.getAttribute("x")), y: Number(text.getAttribute("y")) }
    text.removeAttribute("textLength")
    text.setAttribute("lengthAdjust", "spacingAndGlyphs")
  }
  const middle = (texts[0].drawnAt.y + texts.at(-1).drawnAt.y) / 2
  const lines = spaced ? Math.min(texts.length, Math.floor(1 + (height - CAPITALS * size) / spaced)) : texts.length
  return texts.map((text, number) => {
    const goesOn = number + 1 === lines && lines < texts.length
    text.textContent = number < lines ? text.whole + (goesOn ? "…" : "") : ""
    text.setAttribute("x", text.drawnAt.x + (spaced && (LEFT - RIGHT) / 2))
    text.setAttribute("y", spaced ? middle + (number - (lines - 1) / 2) * spaced : text.drawnAt.y)
    return [text, width - LEFT - RIGHT]
  })
}

function shortened(text, share) {
  const letters = Math.floor(text.length * share) - 2 // as wide as an ellipsis
  return letters < 2 ? "" : `${text.slice(0, letters).replace(/[ _-]+$/, "")}…`
}
