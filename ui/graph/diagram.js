export default function ({ data, parentElement }) {
  let frame = parentElement.querySelector(".lg-frame")
  if (!frame) {
    frame = document.createElement("div")
    frame.className = "lg-frame"
    parentElement.appendChild(frame)
    // What scrolls has to be reached by keyboard; what doesn't is no stop on the way.
    new ResizeObserver(() => {
      if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0
      else frame.removeAttribute("tabindex")
    }).observe(frame)
  }
  // Setting the same picture again would make it flicker.
  if (frame.drawn !== data.svg) {
    frame.innerHTML = data.svg
    frame.drawn = data.svg
  }
}
