/** Readings: narrations that nobody has spoken yet are read by a free voice, and heard by and by. */
import type { Reading } from '../../endpoints/contract.ts'
import type { TimelinePreview } from '../../generated/timeline.ts'

/** Tell whether anything is to be said that can be heard neither from a narration nor a reading. */
export function isUnread({ scenes }: TimelinePreview): boolean {
  return scenes.some(({ narration }) => narration?.text && !narration.asset && !narration.reading)
}

/** Tell whether the length of anything is guessed that is not heard yet. */
export function isGuessed({ scenes }: TimelinePreview): boolean {
  return scenes.some(({ narration }) => narration?.estimated && !narration.reading)
}

/** Tell whether anything is heard that is no narration of the film's. */
export function isRead({ scenes }: TimelinePreview): boolean {
  return scenes.some(({ narration }) => narration?.reading)
}

/** Most readings take some seconds; one that takes minutes waits for other work. */
const soonMs = 1_000
const laterMs = 5_000
const soonAsks = 15
const mostAsks = 60

interface Asked {
  /** Ask how far it is; null where that is not told. */
  ask: () => Promise<null | Reading>
  /** Called when more can be heard than before. */
  heard: () => Promise<void>
  wait: (ms: number) => Promise<void>
}

/**
 * Have what is unread be read, until that is done, is in vain or takes too long; return whether
 * there is a voice at all.
 */
export async function haveRead({ ask, heard, wait }: Asked): Promise<boolean> {
  let left: null | number = null
  for (let asks = 1; asks <= mostAsks; asks += 1) {
    const reading = await ask()
    if (!reading) return true
    if (reading.state === 'silent') return false
    if (reading.state === 'ready' || (left !== null && reading.left < left)) await heard()
    if (reading.state !== 'under_way') return true
    left = reading.left
    await wait(asks < soonAsks ? soonMs : laterMs)
  }
  return true
}

/** Wait so long, or until it is called off: then throw the reason. */
export function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    function stop(): void {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
