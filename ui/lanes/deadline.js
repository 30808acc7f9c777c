// Counts the seconds to a deadline down in the browser, so that the page isn't drawn anew for each of them.
const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]]

export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".left") ?? parentElement.appendChild(document.createElement("span"))
  place.className = "left"
  clearInterval(place.timer)
  const end = performance.now() + data.left * 1000
  const draw = () => {
    const left = Math.ceil((end - performance.now()) / 1000)
    const text = left > 0 ? `(in ${inWords(left)})` : "(the time has run out)"
    if (place.textContent !== text) place.textContent = text
    if (left <= 0) clearInterval(place.timer)
  }
  place.timer = setInterval(draw, 200)
  draw()
  return () => clearInterval(place.timer)
}

function inWords(seconds) {
  // Two minutes and less are counted in seconds, two hours and less in minutes.
  const [size, unit] = UNITS.find(([size]) => seconds > 2 * size) ?? UNITS.at(-1)
  const count = Math.ceil(seconds / size)
  return `${count} ${unit}${count === 1 ? "" : "s"}`
}
