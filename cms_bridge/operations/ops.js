// Shows the board anew whenever the server sends it; whoever is in a form is left alone.
'use strict'
const board = document.getElementById('board')
const live = document.getElementById('live')
let source

function follow() {
  source?.close()
  if (document.hidden || board.querySelector('.sign-in')) return
  source = new EventSource('/ops/live')
  source.onmessage = (told) => {
    live.textContent = ''
    if (!board.contains(document.activeElement)) board.innerHTML = told.data
  }
  source.onerror = () => {
    // A browser gives up by itself where the answer is a refusal: the page then says which.
    if (source.readyState === EventSource.CLOSED) return refused()
    live.textContent = 'The bridge does not answer: this is how it was.'
  }
}

async function refused() {
  const answer = await fetch('/ops', { credentials: 'same-origin' }).catch(() => undefined)
  if (answer?.status === 401 || answer?.status === 403) return location.reload()
  live.textContent = 'The bridge does not send what is new: this is how it was.'
  setTimeout(follow, 5000)
}

document.addEventListener('visibilitychange', follow)
follow()
