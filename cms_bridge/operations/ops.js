// Shows the board anew every few seconds, as the server draws it; whoever is in a form is left alone.
'use strict'
const board = document.getElementById('board')
const live = document.getElementById('live')
const every = 5000

async function refresh() {
  if (document.hidden || board.querySelector('.sign-in')) return
  try {
    const answer = await fetch('/ops/board', { credentials: 'same-origin' })
    if (answer.status === 401 || answer.status === 403) return location.reload()
    if (!answer.ok) throw new Error(String(answer.status))
    const drawn = await answer.text()
    if (!board.contains(document.activeElement)) board.innerHTML = drawn
    live.textContent = ''
  } catch {
    live.textContent = 'The bridge does not answer: this is how it was.'
  }
}
setInterval(refresh, every)
document.addEventListener('visibilitychange', refresh)
