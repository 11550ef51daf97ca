/** A real HTTP receiver in place of the bridge: verifies signatures, keeps events, answers as told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CmsEvent } from 'payload-plugin-reelwright'
import { Webhook } from 'standardwebhooks'

import { plugin } from './constants.ts'

export interface Received {
  id: string
  event: CmsEvent
}

export interface Answer {
  status: number
  body?: unknown
}

export class Bridge {
  /** Every event that came with a good signature, in the order of arrival. */
  readonly received: Received[] = []
  /** How the next events are answered. */
  answer: (event: CmsEvent) => Answer | Promise<Answer> = () => ({ status: 202 })
  links: unknown = {}
  /** Texts beside films by their paths; one that is an address leads there. */
  texts: Record<string, Buffer | string> = {}
  /** How the next questions are answered, by a part of their path. */
  answers: Record<string, Answer> = {}
  /** What follows a job, by its id: answers as it likes, for as long as it likes. */
  streams: Record<string, (incoming: IncomingMessage, outgoing: ServerResponse) => void> = {}
  asked: { authorization: string | undefined; body: unknown; path: string }[] = []
  linkRequests: { authorization: string | undefined; path: string }[] = []
  #server = createServer((incoming, outgoing) => {
    const job = /^\/api\/v1\/jobs\/([^/]+)\/events$/.exec(incoming.url ?? '')?.[1]
    const stream = job && this.streams[job]
    if (stream) {
      stream(incoming, outgoing)
      return
    }
    const text = this.texts[incoming.url ?? '']
    if (text !== undefined) {
      const { authorization } = incoming.headers
      this.linkRequests.push({ authorization, path: incoming.url ?? '' })
      if (typeof text === 'string' && text.startsWith('http'))
        outgoing.writeHead(307, { location: text }).end()
      else outgoing.writeHead(200, { 'content-type': 'text/html' }).end(text)
      return
    }
    void this.#respond(incoming).then(({ body, status }) => {
      outgoing.writeHead(status, { 'content-type': 'application/problem+json' })
      outgoing.end(body === undefined ? '' : JSON.stringify(body))
    })
  })

  port = 0

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`
  }

  get types(): string[] {
    return this.received.map(({ event }) => event.type)
  }

  /** Listen, the second time on the same port: a bridge that is back. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #respond(incoming: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    if (incoming.method === 'GET') {
      this.linkRequests.push({
        authorization: incoming.headers.authorization,
        path: incoming.url ?? '',
      })
      const named = Object.keys(this.answers).find((part) => incoming.url?.includes(part))
      return (named && this.answers[named]) || { status: 200, body: this.links }
    }
    const raw = Buffer.concat(chunks).toString('utf8')
    const path = incoming.url ?? ''
    if (!path.endsWith('/webhooks/payload')) {
      const { authorization } = incoming.headers
      this.asked.push({ authorization, body: JSON.parse(raw), path })
      const named = Object.keys(this.answers).find((part) => path.includes(part))
      return (named && this.answers[named]) || { status: 404 }
    }
    const headers = incoming.headers as Record<string, string>
    const event = new Webhook(plugin.webhookSecret).verify(raw, headers) as CmsEvent
    const answer = await this.answer(event)
    this.received.push({ id: headers['webhook-id'] ?? '', event })
    return answer
  }
}
