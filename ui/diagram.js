export default function ({ data, parentElement, setTriggerValue }) {
  let frame = parentElement.querySelector(".lg-frame")
  if (!frame) {
    frame = document.createElement("div")
    frame.className = "lg-frame"
    parentElement.appendChild(frame)
  }
  // Setting the same picture again would drop the focus and make it flicker.
  if (frame.drawn !== data.svg) {
    frame.innerHTML = data.svg
    frame.drawn = data.svg
  }
  const pick = (event) => {
    const node = event.target.closest(".nd")
    if (!node || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return
    event.preventDefault()
    setTriggerValue("picked", node.dataset.n)
  }
  frame.onclick = pick
  frame.onkeydown = pick
}
