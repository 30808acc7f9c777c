// Follows a thread by its numbered events, from the last one that it has got, and shows what it was told.
const AGAIN = 1000 // milliseconds until it tries again where the connection broke
const NEAR = 20 // pixels
const STATES = { connected: "Connected", cut: "Cut off", away: "Connecting" }

export default function ({ data, parentElement }) {
  const client = parentElement.querySelector(".sc")?.client ?? made(parentElement)
  if (client.path !== data.path) {
    client.path = data.path
    client.cut = false
    forget(client)
    connect(client)
  }
  // It's called also where the page is only drawn anew.
  return () => setTimeout(() => client.root.isConnected || leave(client))
}

function made(parent) {
  const root = document.createElement("section")
  root.className = "sc"
  root.setAttribute("aria-label", "Second client")
  root.innerHTML = `
    <div class="sc-head">
      <b>Second client</b><span class="sc-state" role="status"></span>
      <span class="sc-buttons"><button type="button" class="sc-cut">Cut off</button>
      <button type="button" class="sc-back">Bring back</button></span>
    </div>
    <div class="sc-count"></div>
    <ul class="sc-list" tabindex="0" aria-label="What the second client was told"></ul>`
  const find = (name) => root.querySelector(`.sc-${name}`)
  const client = { root, list: find("list"), count: find("count"), state: find("state") }
  Object.assign(client, { cutButton: find("cut"), backButton: find("back") })
  client.cutButton.onclick = () => {
    client.cut = true
    leave(client)
    mark(client, `Cut off after No. ${client.last}`)
    show(client)
  }
  client.backButton.onclick = () => {
    client.cut = false
    client.returning = true
    connect(client)
  }
  client.list.onscroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = client.list
    client.isLeftByReader = scrollTop + clientHeight < scrollHeight - NEAR
  }
  // What came of the run takes some of the height.
  new ResizeObserver(() => toEnd(client)).observe(client.list)
  root.client = client
  parent.append(root)
  return client
}

function forget(client) {
  leave(client)
  Object.assign(client, { last: 0, at: 0, marks: 0, received: 0, missing: 0, twice: 0, returning: false })
  Object.assign(client, { messages: new Map(), changed: new Set() })
  client.list.replaceChildren()
}

function leave(client) {
  clearTimeout(client.retry)
  const { socket } = client
  client.socket = null
  socket?.close()
}

function connect(client) {
  leave(client)
  const address = new URL(`${client.path}?after=${client.last}&at=${client.at}`, location.href)
  address.protocol = address.protocol.replace("http", "ws")
  const socket = (client.socket = new WebSocket(address))
  socket.onopen = () => show(client)
  socket.onmessage = ({ data }) => socket === client.socket && take(client, JSON.parse(data))
  socket.onclose = () => {
    // One that was left for another is nobody's any more.
    if (socket !== client.socket) return
    client.returning = client.last > 0
    client.retry = setTimeout(connect, AGAIN, client)
    show(client)
  }
  show(client)
}

function take(client, { after, events }) {
  if (after < client.last) {
    // The server's log isn't the one that was told: it died before it had saved the rest.
    const { socket } = client
    client.socket = null
    forget(client)
    client.socket = socket
  }
  const first = events[0].no
  if (client.returning) {
    const count = `${events.length} event${events.length === 1 ? "" : "s"}`
    mark(client, `Back: ${count} in one go, No. ${first} to ${events.at(-1).no}`)
  }
  client.returning = false
  events.forEach((event) => note(client, event))
  for (const message of client.changed) {
    message.no.textContent = message.first === message.last ? message.first : `${message.first}–${message.last}`
    message.what.textContent = message.chars.slice(message.start).join("")
  }
  client.changed.clear()
  toEnd(client)
  show(client)
}

function note(client, event) {
  if (event.no <= client.last) {
    client.twice += 1
    return
  }
  if (event.event === "Skipped") client.missing += event.dropped - client.last
  else if (event.event === "Tokens") text(client, event)
  else if (said(event)) line(client, event.no, said(event))
  client.last = event.no
  client.at = event.at
  client.received += 1
}

function text(client, event) {
  const key = `${event.message_id} ${event.tool}`
  const message = client.messages.get(key) ?? { chars: [], marks: -1 }
  client.messages.set(key, message)
  // What comes after the client was away stands below the line that says so.
  if (message.marks !== client.marks) {
    const { marks } = client
    Object.assign(message, { marks, first: event.no, start: message.chars.length }, line(client, event.no, ""))
  }
  message.start = Math.min(message.start, event.offset)
  // Pieces that were joined meanwhile begin before what is there; one that begins after it shows a gap.
  if (event.offset > message.chars.length) client.missing += 1
  message.chars.splice(event.offset, Infinity, ...event.text)
  message.last = event.no
  client.changed.add(message)
}

function said(event) {
  const where = event.path?.join(" › ")
  switch (event.event) {
    case "RunStarted": return "The run begins"
    case "RunEnded": return `The run has ended: ${event.outcome}`
    case "NodeStarted": return `${where} begins`
    case "NodeEnded": return event.error ? `${where} failed: ${event.error}` : `${where} ends`
    case "Progress": return `${where} says ${JSON.stringify(event.data)}`
    case "CheckpointSaved": return `Checkpoint of step ${event.step}`
  }
}

function line(client, number, told) {
  const item = client.list.appendChild(document.createElement("li"))
  const [no, what] = ["no", "what"].map((name) => {
    const part = item.appendChild(document.createElement("span"))
    part.className = name
    return part
  })
  no.textContent = number
  what.textContent = told
  return { item, no, what }
}

function mark(client, told) {
  line(client, "", told).item.className = "mark"
  client.marks += 1
  toEnd(client)
}

function toEnd(client) {
  if (!client.isLeftByReader) client.list.scrollTop = client.list.scrollHeight
}

function show(client) {
  const state = client.cut ? "cut" : client.socket?.readyState === WebSocket.OPEN ? "connected" : "away"
  client.root.dataset.state = state
  if (client.state.textContent !== STATES[state]) client.state.textContent = STATES[state]
  client.cutButton.disabled = client.cut
  client.backButton.disabled = !client.cut
  client.count.innerHTML = `Last event No. <b>${client.last}</b> · received <b>${client.received}</b> · missing <b>${
    client.missing}</b> · twice <b>${client.twice}</b>`
}
