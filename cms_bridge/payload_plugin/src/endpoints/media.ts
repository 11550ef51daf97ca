/**
 * What is seen and heard of a storyboard, on its cards and in its animatic.
 *
 * The browser holds no key of the bridge's. Media are named by addresses of this server that hold
 * a seal: whoever may read a storyboard gets what its own timeline names, and nothing else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Endpoint, PayloadRequest } from 'payload'

import type { Id, StoryboardDoc } from '../documents.ts'
import type { Settings } from '../settings.ts'
import { openFile } from './bridge.ts'
import { paths, pathTo } from './contract.ts'
import { findReadable } from './readable.ts'
import { bridgeUnavailable, problem } from './responses.ts'

const day = 24 * 60 * 60

export function mediumEndpoint(settings: Settings): Endpoint {
  return { method: 'get', path: paths.medium, handler: (req) => handOnMedium(settings, req) }
}

/** Return where this server has, below its API, what the bridge has at an address. */
export function sealedPath(req: PayloadRequest, id: Id, contentUrl: string): string {
  const place = placeOf(contentUrl) ?? ''
  const query = new URLSearchParams({ place, seal: sealOf(req, String(id), place) })
  return `${pathTo('medium', { id })}?${String(query)}`
}

/** Return where the bridge has a medium's bytes, below its API: what was made and what was uploaded lie apart. */
function placeOf(contentUrl: string): string | undefined {
  return /^\/api\/v1(\/[\w/-]+(?:\?\w+=\w+)?)$/.exec(contentUrl)?.[1]
}

async function handOnMedium(settings: Settings, req: PayloadRequest): Promise<Response> {
  const storyboard = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
  const { place, seal } = req.query
  if (
    !storyboard ||
    typeof place !== 'string' ||
    typeof seal !== 'string' ||
    !place ||
    !isSame(seal, sealOf(req, String(storyboard.id), place))
  ) {
    return problem(404, 'Not found', 'There is no such picture, clip or sound.')
  }
  return handOn(await openFile(settings, place, req.headers.get('range')))
}

/** Hand on a file as it comes; what it is never changes. */
export function handOn(file: null | Response): Response {
  if (!file) return bridgeUnavailable()
  if (file.status !== 200 && file.status !== 206) {
    void file.body?.cancel()
    return file.status === 404
      ? problem(404, 'Not found', 'The render service has no such file.')
      : bridgeUnavailable()
  }
  const headers = new Headers({
    'cache-control': `private, max-age=${String(day)}, immutable`,
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  })
  for (const name of ['content-type', 'content-length', 'content-range', 'accept-ranges']) {
    const value = file.headers.get(name)
    if (value) headers.set(name, value)
  }
  return new Response(file.body, { status: file.status, headers })
}

/** Seal a place that the bridge named in a storyboard's timeline: no other is asked for. */
const sealOf = (req: PayloadRequest, storyboard: string, place: string): string =>
  createHmac('sha256', req.payload.secret)
    .update(JSON.stringify(['reelwright medium', storyboard, place]))
    .digest('base64url')

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)]
  return one.length === other.length && timingSafeEqual(one, other)
}
