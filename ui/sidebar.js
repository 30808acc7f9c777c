// Streamlit itself begins with a folded sidebar only in windows narrower than 768 px, which leaves a page of 800 px
// little room.
const NARROW = 1000

export default function () {
  if (window.labSidebarFolded) return
  window.labSidebarFolded = true
  if (innerWidth >= NARROW || choices().length) return
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
  // Streamlit stores a press as the visitor's wish for all windows.
  choices().forEach((name) => localStorage.removeItem(name))
}

const choices = () => Object.keys(localStorage).filter((name) => name.startsWith("stSidebarCollapsed-"))
