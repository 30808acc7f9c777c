// Two clicks in quick succession are one press of a button, wherever the page has gone between them, and so are
// further clicks on a button before the page that they bring about is drawn.
const QUICK = 400 // milliseconds
const GIVEN_UP = 10000 // after which a press that brought about nothing may be made again
const BUTTONS = '[data-testid="stButton"], [data-testid="stFormSubmitButton"]'

export default function ({ data }) {
  window.labPresses ??= watch()
  window.labPresses.drawing = data.drawing
}

function watch() {
  // Until when a press counts as part of the one before it, in the page's own milliseconds.
  const state = { drawing: 0, until: 0 }
  const presses = new Map()

  const isRepeated = (key, event) => {
    const before = presses.get(key)
    const since = before ? event.timeStamp - before.at : Infinity
    const unanswered = before?.drawing === state.drawing && event.timeStamp - before.first < GIVEN_UP
    const repeated = event.detail > 1 || event.repeat || since < QUICK || unanswered
    if (repeated && before) before.at = event.timeStamp
    state.until = event.timeStamp + QUICK
    if (!repeated) presses.set(key, { at: event.timeStamp, first: event.timeStamp, drawing: state.drawing })
    return repeated
  }
  const hold = (event) => {
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  const keyOf = (element) => element.closest('[class*="st-key-"]')?.className.match(/st-key-\S+/)?.[0] ?? ""

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(BUTTONS)
    if (button && !event.target.closest("button")?.disabled && isRepeated(keyOf(button), event)) hold(event)
  }, true)
  // Who has typed since means the next press.
  document.addEventListener("input", () => presses.clear(), true)
  // Enter in a field of a form sends the form, without a click.
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && event.target.closest?.('[data-testid="stForm"]')
    const sends = event.target.tagName === "INPUT" ? event.target.role !== "combobox" : event.ctrlKey || event.metaKey
    if (!form || !sends || event.target.tagName === "BUTTON") return
    const before = presses.get(form) ?? -Infinity
    presses.set(form, event.timeStamp)
    if (event.repeat || event.timeStamp - before < QUICK) hold(event)
  }, true)
  // A part of the page that is drawn alone, as a dialog is, begins no new drawing; its end is told here.
  const app = document.querySelector('[data-testid="stApp"]')
  new MutationObserver(() => {
    if (app.getAttribute("data-test-script-state") !== "notRunning") return
    for (const press of presses.values()) press.drawing = null
  }).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] })
  return state
}
