/** A stream of progress as a browser holds it: opened again when it breaks, closed when nobody looks. */
import type { JobProgress } from '../../endpoints/contract.ts'
import { type Happening, toProgress } from './live.ts'

/** What an `EventSource` is used for here. */
export type Source = Pick<EventSource, 'close' | 'onerror' | 'onmessage' | 'onopen' | 'readyState'>

export interface Following {
  job: string
  /** The number of a change that is known; what led to it is told once more, to go by its pace. */
  known: number
  /** Open a stream of what came after an event. */
  open: (after: number) => Source
  tell: (happening: Happening) => void
  now?: () => number
  /** Milliseconds before a refused stream is asked for again; it doubles up to the second. */
  firstRetryMs?: number
  lastRetryMs?: number
}

/** Events of a few minutes of work. */
const toldAgain = 120
/** `EventSource.CLOSED`: refused, and not asked for again by itself. */
const closed = 2

/**
 * Follows a job until it is closed.
 *
 * A stream that breaks is asked for again by the browser itself, after the last event that it had;
 * one that is refused, by this, ever more rarely.
 */
export class ProgressStream {
  readonly #following: Following
  readonly #firstRetryMs: number
  readonly #lastRetryMs: number
  #after: number
  #source: Source | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #retryMs: number

  constructor(following: Following) {
    this.#following = following
    this.#after = Math.max(following.known - toldAgain, 0)
    this.#firstRetryMs = following.firstRetryMs ?? 5_000
    this.#lastRetryMs = following.lastRetryMs ?? 300_000
    this.#retryMs = this.#firstRetryMs
  }

  get isOpen(): boolean {
    return this.#source !== undefined || this.#timer !== undefined
  }

  open(): void {
    this.close()
    const { job, known, now = Date.now, open, tell } = this.#following
    const source = open(this.#after)
    this.#source = source
    source.onopen = () => {
      this.#retryMs = this.#firstRetryMs
      tell({ type: 'opened', job, known })
    }
    source.onmessage = ({ data }: MessageEvent<unknown>) => {
      const event: JobProgress | null = toProgress(String(data))
      if (event?.jobId !== job) return
      this.#after = Math.max(this.#after, event.sequence)
      tell({ type: 'heard', event, at: now() })
    }
    source.onerror = () => {
      tell({ type: 'lost' })
      if (source.readyState !== closed || this.#source !== source) return
      this.#source = undefined
      this.#timer = setTimeout(() => this.open(), this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, this.#lastRetryMs)
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#source) return
    this.#source.close()
    this.#source = undefined
    this.#following.tell({ type: 'lost' })
  }
}
