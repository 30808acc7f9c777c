// One socket for the page, whatever is drawn anew; the count stands beside the link to the inbox.
const AGAIN = 2000

export default function ({ data, parentElement }) {
  const inbox = (window.labInbox ??= { waiting: null, show: () => {} })
  const badge = parentElement.querySelector("span") ?? parentElement.appendChild(document.createElement("span"))
  badge.setAttribute("role", "status")
  inbox.show = () => {
    badge.textContent = inbox.waiting ? String(inbox.waiting) : ""
    badge.title = inbox.waiting ? `${inbox.waiting} ${inbox.waiting === 1 ? "question waits" : "questions wait"}` : ""
    badge.hidden = !inbox.waiting
  }
  inbox.show()
  if (!inbox.socket) connect(inbox, data.path)
}

const connect = (inbox, path) => {
  const address = new URL(path, location.href)
  address.protocol = address.protocol.replace("http", "ws")
  inbox.socket = new WebSocket(address)
  inbox.socket.onmessage = ({ data }) => {
    inbox.waiting = JSON.parse(data).waiting
    inbox.show()
  }
  inbox.socket.onclose = () => setTimeout(connect, AGAIN, inbox, path)
}
