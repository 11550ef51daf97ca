/** Jobs as the bridge streams them: every event kept, told from any number on. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JobProgress } from 'payload-plugin-reelwright'

export function progressOf(
  job: string,
  sequence: number,
  changes: Partial<JobProgress> = {},
): JobProgress {
  return {
    sequence,
    jobId: job,
    at: new Date(Date.UTC(2026, 10, 30, 9, 0, sequence)).toISOString(),
    status: 'generating',
    progress: 5 + sequence,
    scenesDone: 0,
    scenesTotal: 2,
    stage: { name: 'picture', scene: 1 },
    model: { provider: 'gemini', name: 'gemini-2.5-flash-image' },
    warnings: [],
    ...changes,
  }
}

/** A job that is followed. */
export class FollowedJob {
  /** The headers of every request for it. */
  readonly asked: IncomingMessage['headers'][] = []
  readonly #events: JobProgress[] = []
  readonly #open = new Set<ServerResponse>()

  /** Answer one who follows, as the bridge does. */
  readonly answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    this.asked.push(incoming.headers)
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.write('retry: 50\n\n')
    const after = incoming.headers['last-event-id']
    const known = after === undefined ? this.#events.length - 1 : Number(after)
    for (const event of this.#events.filter(({ sequence }) => sequence > known)) {
      outgoing.write(frameOf(event))
    }
    this.#open.add(outgoing)
    outgoing.on('close', () => this.#open.delete(outgoing))
  }

  get listeners(): number {
    return this.#open.size
  }

  happen(...events: JobProgress[]): void {
    this.#events.push(...events)
    for (const outgoing of this.#open) for (const event of events) outgoing.write(frameOf(event))
  }

  /** End every stream, as the bridge does once it has lasted its time. */
  end(): void {
    for (const outgoing of this.#open) outgoing.end()
  }

  /** Break every connection in the middle of a chunk. */
  break(): void {
    for (const outgoing of this.#open) outgoing.destroy()
  }

  beat(): void {
    for (const outgoing of this.#open) outgoing.write(':\n\n')
  }
}

const frameOf = (event: JobProgress): string =>
  `id: ${String(event.sequence)}\ndata: ${JSON.stringify(event)}\n\n`
