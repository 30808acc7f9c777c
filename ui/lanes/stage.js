// Streamlit keeps a lane's messages at their end when they grow, not when their place becomes smaller with the window.
const STREAM = '[class*="st-key-stream_"]'
const NEAR = 5 // pixels

export default function () {
  window.labStreams ??= watch()
}

function watch() {
  const left = new WeakSet() // by a reader who scrolled up
  const toEnd = new ResizeObserver((sizes) => {
    for (const { target } of sizes) if (!left.has(target)) target.scrollTop = target.scrollHeight
  })
  document.addEventListener("scroll", ({ target }) => {
    if (!target.matches?.(STREAM)) return
    const isAtEnd = target.scrollTop + target.clientHeight >= target.scrollHeight - NEAR
    left[isAtEnd ? "delete" : "add"](target)
  }, true)
  window.addEventListener("resize", () => document.querySelectorAll(STREAM).forEach((one) => toEnd.observe(one)))
  return true
}
