/**
 * What the service asks every now and then, so that Payload runs although nobody visits it.
 *
 * Next loads a configuration, and with it Payload and the outbox's poller, with the first request
 * after its start and not before. Without this one, what waits would wait for a visitor.
 */
import type { Endpoint } from 'payload'

import { paths } from './contract.ts'

export const awakeEndpoint: Endpoint = {
  method: 'get',
  path: paths.awake,
  handler: () => new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } }),
}
