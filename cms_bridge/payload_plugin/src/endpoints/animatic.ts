/**
 * The animatic: a storyboard's timeline as it stands in an editor's form, and what is seen and
 * heard in it.
 *
 * The browser holds no key of the bridge's. Media are named by addresses of this server that hold
 * a seal: whoever may read a storyboard gets what its own timeline names, and nothing else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Endpoint, PayloadRequest } from 'payload'

import { withAddresses } from '../animatic/addresses.ts'
import type { TimelinePreview } from '../generated/timeline.ts'
import type { Id, StoryboardDoc } from '../documents.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge, openFile } from './bridge.ts'
import { paths, pathTo } from './contract.ts'
import { findEdited } from './edits.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'
import { placeOf } from './timeline.ts'

/** Bytes of a timeline: that of a film of some hours. */
const longestTimeline = 32 * 1024 * 1024
const day = 24 * 60 * 60

export function animaticEndpoints(settings: Settings): Endpoint[] {
  return [
    { method: 'post', path: paths.timeline, handler: (req) => tellTimeline(settings, req) },
    { method: 'get', path: paths.sealedMedium, handler: (req) => handOnMedium(settings, req) },
    { method: 'get', path: paths.font, handler: (req) => handOnFont(settings, req) },
  ]
}

async function tellTimeline(settings: Settings, req: PayloadRequest): Promise<Response> {
  const edited = await findEdited(settings, req)
  if (edited instanceof Response) return edited
  const { id, job, storyboard } = edited
  const [told, estimate] = await Promise.all([
    askBridge(settings, `/jobs/${job}/timeline`, { storyboard }, longestTimeline),
    askBridge(settings, `/jobs/${job}/estimate`, { storyboard }),
  ])
  if (!told) return bridgeUnavailable()
  if (told.status !== 200 || !isRecord(told.body)) return bridgeProblem(told)
  // The bridge is held to the form of its answer by its own specification.
  const timeline = told.body as unknown as TimelinePreview
  return answer({
    timeline: withAddresses(timeline, (address) => sealedPath(req, id, address)),
    due: estimate?.status === 200 ? toDue(estimate.body) : {},
  })
}

function toDue(body: unknown): Record<string, string> {
  const scenes = isRecord(body) && Array.isArray(body.scenes) ? body.scenes.filter(isRecord) : []
  return Object.fromEntries(
    scenes.flatMap(({ due, sceneId }) =>
      typeof sceneId === 'string' && typeof due === 'string' ? [[sceneId, due]] : [],
    ),
  )
}

/** Return where this server has, below its API, what the bridge has at an address. */
function sealedPath(req: PayloadRequest, id: Id, contentUrl: string): string {
  const place = placeOf({ contentUrl }) ?? ''
  const query = new URLSearchParams({ place, seal: sealOf(req, String(id), place) })
  return `${pathTo('sealedMedium', { id })}?${String(query)}`
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

async function handOnFont(settings: Settings, req: PayloadRequest): Promise<Response> {
  if (!req.user) return problem(404, 'Not found', 'There is no such font.')
  const file = encodeURIComponent(String(req.routeParams?.file))
  return handOn(await openFile(settings, `/fonts?file=${file}`))
}

/** Hand on a file as it comes; what it is never changes. */
function handOn(file: null | Response): Response {
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
