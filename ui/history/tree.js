export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".ct-root")
  if (!root) {
    root = document.createElement("div")
    root.className = "ct-root"
    parentElement.appendChild(root)
  }
  if (root.drawn !== data.html) redraw(root, data.html)
  if (root.shown !== data.shown) {
    root.shown = data.shown
    const item = find(root, data.shown)
    if (item) requestAnimationFrame(() => reveal(root, item))
  }
  const pick = (item) => item && setTriggerValue("picked", item.dataset.id)
  root.onclick = (event) => pick(event.target.closest("[data-id]"))
  root.onkeydown = (event) => {
    const item = event.target.closest(".it")
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return
    const chosen = event.key === "Enter" || event.key === " "
    const next = chosen ? item : neighbour(root, item, event.key)
    if (next === undefined) return
    event.preventDefault()
    if (chosen) pick(item)
    else if (next) next.focus({ preventScroll: true })
  }
  if (!root.listens) {
    root.listens = true
    root.addEventListener("focusin", (event) => {
      const item = event.target.closest(".it")
      if (item) settle(root, item)
    })
  }
}

const items = (root) => [...root.querySelectorAll(".it")]
const find = (root, id) => items(root).find((item) => item.dataset.id === id)

// A new picture keeps the scrolling and the focus of the one before.
function redraw(root, drawn) {
  const before = root.querySelector(".ct-frame")
  const at = before && [before.scrollLeft, before.scrollTop]
  const focused = root.contains(document.activeElement) && document.activeElement.dataset.id
  root.innerHTML = drawn
  root.drawn = drawn
  const frame = root.querySelector(".ct-frame")
  if (at) [frame.scrollLeft, frame.scrollTop] = at
  frame.onscroll = () => point(root, frame)
  requestAnimationFrame(() => point(root, frame))
  const item = focused && find(root, focused)
  if (item) item.focus({ preventScroll: true })
  if (!root.querySelector('.it[tabindex="0"]')) items(root)[0]?.setAttribute("tabindex", "0")
}

// The tree is one tab stop: the mark that had the focus last.
function settle(root, item) {
  root.querySelectorAll('.it[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"))
  item.setAttribute("tabindex", "0")
  reveal(root, item)
}

// Undefined for a key that the tree leaves to the page, null at an edge.
function neighbour(root, item, key) {
  const lane = (number) => items(root).filter((other) => Number(other.dataset.lane) === number)
  const number = Number(item.dataset.lane)
  const own = lane(number)
  const at = own.indexOf(item)
  if (key === "ArrowRight") return own[at + 1] ?? null
  if (key === "ArrowLeft") return own[at - 1] ?? (item.dataset.from ? find(root, item.dataset.from) : null) ?? null
  if (key === "Home") return own[0]
  if (key === "End") return own[own.length - 1]
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined
  const away = (other) => Math.abs(Number(other.dataset.x) - Number(item.dataset.x))
  const near = lane(number + (key === "ArrowUp" ? -1 : 1))
  return near.length ? near.reduce((best, other) => (away(other) < away(best) ? other : best)) : null
}

// A branch that is out of view to one side says so beside its name.
function point(root, frame) {
  const names = root.querySelectorAll(".ct-name")
  const width = frame.clientWidth - root.querySelector(".ct-names").offsetWidth
  const ends = [...names].map(() => [Infinity, -Infinity])
  for (const { dataset } of items(root)) {
    const end = ends[dataset.lane]
    end[0] = Math.min(end[0], dataset.x)
    end[1] = Math.max(end[1], dataset.x)
  }
  names.forEach((name, lane) => {
    const [first, last] = ends[lane]
    name.dataset.away = last < frame.scrollLeft ? "left" : first > frame.scrollLeft + width ? "right" : ""
  })
}

// Scrolls the frame alone, and where it must to the side, far enough to show what stands around the mark.
function reveal(root, item) {
  const frame = root.querySelector(".ct-frame")
  const [box, view] = [item.getBoundingClientRect(), frame.getBoundingClientRect()]
  const names = root.querySelector(".ct-names").offsetWidth
  const room = frame.clientWidth - names
  const left = box.left - view.left - names
  if (left < 30) frame.scrollLeft += left - room * 0.4
  else if (left + box.width > room - 30) frame.scrollLeft += left + box.width - room * 0.7
  const [top, bottom] = [box.top - view.top - 16, box.bottom - view.top - frame.clientHeight + 16]
  frame.scrollTop += top < 0 ? top : Math.max(0, bottom)
}
