/** Payload's REST API over node's own HTTP server, without Next. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { handleEndpoints, type SanitizedConfig } from 'payload'

export interface RunningServer {
  url: string
  close: () => Promise<void>
}

/** Serve the REST API of a configuration whose Payload instance is cached under this key. */
export async function serve(
  config: Promise<SanitizedConfig>,
  { port, key }: { port: number; key?: string },
): Promise<RunningServer> {
  const resolved = await config
  const server = createServer((incoming, outgoing) => {
    respond(incoming, outgoing).catch((error: unknown) => {
      // The connection is past saving: whoever asked is gone or was already being answered.
      outgoing.destroy(error instanceof Error ? error : undefined)
    })
  })

  async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const response = await handleEndpoints({
      config: resolved,
      request: toRequest(incoming),
      ...(key && { payloadInstanceCacheKey: key }),
    })
    response.headers.forEach((value, name) => {
      if (name !== 'set-cookie') outgoing.setHeader(name, value)
    })
    const cookies = response.headers.getSetCookie()
    if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
    outgoing.writeHead(response.status)
    if (response.body)
      await pipeline(Readable.fromWeb(response.body as NodeStream<Uint8Array>), outgoing)
    else outgoing.end()
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(taken)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function toRequest(incoming: IncomingMessage): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  const method = incoming.method ?? 'GET'
  const url = `http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url ?? '/'}`
  if (method === 'GET' || method === 'HEAD') return new Request(url, { headers, method })
  // Node asks for `duplex` beside a stream; the types of browsers do not know it.
  const init: RequestInit & { duplex: 'half' } = {
    body: bodyOf(incoming),
    duplex: 'half',
    headers,
    method,
  }
  return new Request(url, init)
}

/** The body as a web stream; `Readable.toWeb` throws when an upload is cut off. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = (await chunks.next()) as IteratorResult<Uint8Array, undefined>
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel() {
      // What nobody reads is drained, so that the answer still reaches the sender.
      incoming.resume()
    },
  })
}
