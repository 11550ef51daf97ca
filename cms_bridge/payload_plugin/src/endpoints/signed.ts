/**
 * Endpoints for the service: requests that carry a Standard Webhooks signature and no user.
 *
 * The signature is verified over the raw bytes; its time may differ from ours by
 * five minutes. A request sent again within that time does no harm, because every
 * write is a whole state.
 */
import type { Endpoint, PayloadRequest } from 'payload'
import { Webhook } from 'standardwebhooks'

import { readBounded } from '../body.ts'
import { parseJson } from '../json.ts'
import type { Settings } from '../settings.ts'
import { problem } from './responses.ts'

const largestBody = 2 * 1024 * 1024

/** A `PUT` endpoint whose handler sees only bodies that the service signed. */
export function signedEndpoint(
  { webhookSecret }: Settings,
  path: string,
  handler: (req: PayloadRequest, body: unknown) => Promise<Response>,
): Endpoint {
  return {
    method: 'put',
    path,
    handler: async (req) => {
      const raw = await readBounded(req.body ?? null, largestBody)
      if (!raw) {
        return problem(413, 'Body too large', `At most ${String(largestBody)} bytes are read.`)
      }
      const text = raw.toString('utf8')
      try {
        new Webhook(webhookSecret).verify(text, headersOf(req), { jsonParse: false })
      } catch {
        // The library throws its own error and, on garbage, others; each means the same.
        return problem(401, 'Signature refused', 'The signature is missing, wrong or too old.')
      }
      const body = parseJson(text)
      if (body === undefined) return problem(400, 'Not JSON', 'The body is not valid JSON.')
      return handler(req, body)
    },
  }
}

/** Return the headers of a signature, as its library reads them. */
export function headersOf(req: PayloadRequest): Record<string, string> {
  return Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
      name,
      req.headers.get(name) ?? '',
    ]),
  )
}
