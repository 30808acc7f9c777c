const LEGIBLE = 11 // pixels of a text on the screen
const SIZES = [14, 13, 12] // of the texts in a picture, before it's scaled

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
  for (const size of SIZES) drawn.classList.toggle(`no-${size}`, scale > 0 && scale * size < LEGIBLE)
  // What scrolls has to be reached by keyboard; what doesn't is no stop on the way.
  if (picture.scrollWidth > picture.clientWidth) picture.tabIndex = 0
  else picture.removeAttribute("tabindex")
}
