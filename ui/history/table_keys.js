// The table is a canvas of Streamlit's, whose own keys move a cell but select no row, and which knows nothing of the
// pages before and after its rows. Here a key asks the server for the row that is to be looked at.
const STEPS = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity, Escape: 0 }
const GIVEN_UP = 3000 // milliseconds after which a row that hasn't come is waited for no longer
const CALM = 20 // frames for which a table stays as it is before it's taken for the one that stays

export default function ({ data, setTriggerValue }) {
  const state = (window.labTableKeys ??= listen())
  state.ask = (row) => setTriggerValue("walk", row)
  if (JSON.stringify(state.data) === JSON.stringify(data)) return
  const more = state.more
  Object.assign(state, { data, asked: -Infinity, more: 0 })
  document.querySelector(`.st-key-${data.head}`)?.setAttribute("aria-live", "polite")
  settle(state)
  if (more) walk(state, more)
}

const table = ({ data }) => document.querySelector(`.st-key-${data.within}`)

function listen() {
  const state = { data: null, asked: -Infinity, more: 0, walks: false }
  document.addEventListener("pointerdown", () => (state.walks = false), true)
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") state.walks = false
    const by = STEPS[event.key]
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const canvas = event.target.closest?.("canvas")
    // Between a table and the one that takes its place nothing has the focus.
    const between = state.walks && event.target === document.body
    if (!between && !(canvas && table(state)?.contains(canvas) && !isSorted(canvas))) return
    event.preventDefault()
    event.stopPropagation()
    // Escape would take the selection away, and something is always on show.
    if (by) walk(state, by)
  }, true)
  return state
}

// A table that the reader sorted is in an order of which the server knows nothing: there its own keys move.
const isSorted = (canvas) => [...canvas.querySelectorAll("th")].some((head) => /^[↑↓]/.test(head.textContent))

// Asks for one row at a time. Where keys come faster than rows, and beyond the edge of a page, the rest is for later.
function walk(state, by) {
  if (performance.now() - state.asked < GIVEN_UP) {
    state.more = Number.isFinite(by) ? state.more + by : by
    return
  }
  const { rows, at, beyond } = state.data
  const [last, way] = [rows.length - 1, by > 0 ? "after" : "before"]
  const from = at ?? (by > 0 ? -1 : rows.length)
  const to = Math.min(Math.max(from + by, 0), last)
  if (to === from && !(beyond.includes(way) && Number.isFinite(by))) return
  state.more = by - (to === from ? Math.sign(by) : to - from)
  state.asked = performance.now()
  state.walks = true
  state.ask(to === from ? way : rows[to])
}

// Brings the selected row into the table's view, and the focus to the table that takes the place of the one before,
// which it does some frames later.
function settle(state) {
  const until = performance.now() + GIVEN_UP
  const { at } = state.data
  let calm = 0
  const look = () => {
    if (calm > CALM || performance.now() > until) return
    const canvas = table(state)?.querySelector("canvas[data-testid=data-grid-canvas]")
    if (canvas && at !== null) reveal(state.data, table(state).querySelector(".dvn-scroller"))
    const row = canvas?.querySelector("tr[aria-selected=true]")
    const shown = at === null ? canvas : row?.ariaRowIndex === String(at + 2) && row
    if (canvas && state.walks && document.activeElement === document.body) {
      (row?.querySelector("td") ?? canvas).focus({ preventScroll: true })
    }
    calm = shown ? calm + 1 : 0
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

function reveal({ at, rows }, scroller) {
  if (!scroller) return
  // The head is as high as a row; where all of them fit, there is nothing to scroll.
  const row = scroller.scrollHeight / (rows.length + 1)
  const [top, room] = [at * row, scroller.clientHeight - row]
  if (top < scroller.scrollTop) scroller.scrollTop = top
  else if (top + row > scroller.scrollTop + room) scroller.scrollTop = top + row - room
}
