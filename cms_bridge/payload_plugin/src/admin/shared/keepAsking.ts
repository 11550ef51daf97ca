/** A question to an endpoint that is asked again while there is something to wait for. */
import { isAway, type Reply } from './reply.ts'

/** Between two questions to a service that was away. */
export const awayAgainMs = 5_000

/**
 * Ask, and again while the service is away or `tell` says in how many milliseconds.
 *
 * `tell` hears of each reply; of null where none came. Returns what ends it.
 */
export function keepAsking<T>(
  ask: (signal: AbortSignal) => Promise<Reply<T>>,
  tell: (reply: null | Reply<T>) => null | number,
): () => void {
  const abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = async (): Promise<void> => {
    const reply = await ask(abort.signal).catch(() => null)
    if (abort.signal.aborted) return
    const wanted = tell(reply)
    const pause = !reply || isAway(reply) ? awayAgainMs : wanted
    if (pause !== null) timer = setTimeout(() => void look(), pause)
  }
  void look()
  return () => {
    abort.abort()
    clearTimeout(timer)
  }
}
