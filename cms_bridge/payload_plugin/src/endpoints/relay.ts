/** Streams handed on as they come: who has a place, and when one ends. */

/** A place of one who listens. */
export interface Place {
  leave: () => void
}

/** The places that a process has for streams, and how many of them one user may take. */
export class Places {
  readonly #most: number
  readonly #mostOfOne: number
  readonly #taken = new Map<string, number>()
  #total = 0

  constructor(most: number, mostOfOne: number) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /** Take a place, which whoever took it leaves; null where there is none. */
  take(user: string): null | Place {
    const taken = this.#taken.get(user) ?? 0
    if (this.#total >= this.#most || taken >= this.#mostOfOne) return null
    this.#total += 1
    this.#taken.set(user, taken + 1)
    let isTaken = true
    return {
      leave: () => {
        if (!isTaken) return
        isTaken = false
        this.#total -= 1
        const others = (this.#taken.get(user) ?? 1) - 1
        if (others > 0) this.#taken.set(user, others)
        else this.#taken.delete(user)
      },
    }
  }
}

export interface Bounds {
  /** Milliseconds that a stream lasts. */
  lastsMs: number
  /** Milliseconds without a byte after which it counts as dead. */
  quietMs: number
  bytes: number
}

/**
 * Return a stream of what another gives, read only as fast as it is taken.
 *
 * It ends with the other, at its bounds, or when whoever reads it leaves; `abort` then ends the
 * request that the other is of, and `onEnd` is called once.
 */
export function relay(
  source: ReadableStream<Uint8Array>,
  abort: AbortController,
  { bytes, lastsMs, quietMs }: Bounds,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let lasts: ReturnType<typeof setTimeout> | undefined
  let quiet: ReturnType<typeof setTimeout> | undefined
  let left = bytes
  let hasEnded = false

  function finish(controller?: ReadableStreamDefaultController<Uint8Array>): void {
    if (hasEnded) return
    hasEnded = true
    clearTimeout(lasts)
    clearTimeout(quiet)
    abort.abort()
    controller?.close()
    onEnd()
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        lasts = setTimeout(() => finish(controller), lastsMs)
        // Somebody who leaves before anything is read cancels nothing.
        abort.signal.addEventListener('abort', () => finish(controller), { once: true })
      },
      async pull(controller) {
        quiet = setTimeout(() => finish(controller), quietMs)
        try {
          const { done, value } = await reader.read()
          clearTimeout(quiet)
          if (hasEnded) return
          if (value) controller.enqueue(value)
          left -= value?.byteLength ?? 0
          if (done || left <= 0) finish(controller)
        } catch {
          // Cut off: whoever listens asks again, as at its end.
          finish(controller)
        }
      },
      cancel() {
        finish()
      },
    },
    { highWaterMark: 0 },
  )
}
