const SETTLES = 2500 // milliseconds in which what is drawn above may still grow

export default function ({ data }) {
  if (!data.number || (window.labScrolled ?? 0) >= data.number) return
  window.labScrolled = data.number
  const until = performance.now() + SETTLES
  let moved = false
  const stop = () => (moved = true)
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    document.addEventListener(kind, stop, { once: true, capture: true })
  }
  let top
  const step = () => {
    if (moved || performance.now() > until) return
    const found = document.querySelector(`.st-key-${data.to}`)
    const now = found?.getBoundingClientRect().top
    if (found && now !== top) {
      // The page's own frame alone: near the page's end `scrollIntoView` would move the menu and the window too.
      const main = found.closest(".stMain")
      const margin = parseFloat(getComputedStyle(found).scrollMarginTop)
      main.scrollTop += now - main.getBoundingClientRect().top - margin
      top = found.getBoundingClientRect().top
    }
    requestAnimationFrame(step)
  }
  step()
}
