/**
 * A finished film in other forms: what they cost, their order, and what becomes of them.
 *
 * Several shapes are one order. What costs nothing begins at once, for whoever may write; what costs
 * something begins for whoever may approve, at the price that was shown, and waits for one otherwise.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import { type RenditionDoc, statuses, type VideoDoc } from '../documents.ts'
import { isRecord } from '../json.ts'
import { toProblem } from '../problem.ts'
import type { Settings } from '../settings.ts'
import { userName } from '../user.ts'
import { filmAsked, filmOf } from '../films.ts'
import { askBridge } from './bridge.ts'
import {
  captionChoices,
  codecs,
  type Export,
  exportActs,
  type ExportOrder,
  type ExportPrice,
  paths,
  pictureChoices,
  resolutions,
  shapes,
} from './contract.ts'
import { findNewestReadable, findReadable, mayWrite } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

const longestBody = 4 * 1024

export function exportEndpoints(settings: Settings): Endpoint[] {
  const { slugs } = settings
  type Handler = (req: PayloadRequest, place: string, video: VideoDoc) => Promise<Response>
  /** Answer for the film that is shown; with `changes`, to those who may change its video. */
  const ofFilm = (handler: Handler, { changes = false } = {}) =>
    async function handle(req: PayloadRequest): Promise<Response> {
      const video = await findReadable<VideoDoc>(req, slugs.videos)
      const rendition =
        video &&
        (await findNewestReadable<RenditionDoc>(req, slugs.renditions, {
          video: { equals: video.id },
          submission: { equals: filmOf(video, filmAsked(settings, req)).submission ?? 0 },
        }))
      if (!video || !rendition?.file) {
        return problem(404, 'Not found', 'There is no finished film of such a video.')
      }
      if (changes && !(await mayWrite(req, slugs.videos, video.id))) {
        const detail = 'Only those who may edit this video may order of it.'
        return problem(403, 'Forbidden', detail, { code: 'not_a_writer' })
      }
      return handler(req, `/videos/${encodeURIComponent(rendition.jobId)}/exports`, video)
    }
  return [
    { method: 'get', path: paths.exports, handler: ofFilm((_, place) => list(settings, place)) },
    {
      method: 'post',
      path: paths.exportPrices,
      handler: ofFilm((req, place) => price(settings, req, place)),
    },
    {
      method: 'post',
      path: paths.orderExports,
      handler: ofFilm((req, place) => order(settings, req, place), { changes: true }),
    },
    {
      method: 'post',
      path: paths.exportAct,
      handler: ofFilm((req, place) => act(settings, req, place), { changes: true }),
    },
  ]
}

async function list(settings: Settings, place: string): Promise<Response> {
  const told = await askBridge(settings, place)
  if (!told) return bridgeUnavailable()
  const found = isRecord(told.body) ? told.body.exports : undefined
  if (told.status !== 200 || !Array.isArray(found)) return bridgeProblem(told)
  return answer(found.map(toExport).filter((one) => one !== null))
}

async function price(settings: Settings, req: PayloadRequest, place: string): Promise<Response> {
  const wanted = toOrder(await readJson(req.body ?? null, longestBody))
  if (!wanted) return notAnOrder()
  const prices: ExportPrice[] = []
  for (const shape of wanted.shapes) {
    const told = await askBridge(settings, `${place}/estimate`, formOf(wanted, shape))
    if (!told) return bridgeUnavailable()
    const { lostAtMost, toApprove } = isRecord(told.body) ? told.body : {}
    if (told.status !== 200 || typeof toApprove !== 'string') return bridgeProblem(told)
    prices.push({ shape, toApprove, lostAtMost: toLost(lostAtMost) })
  }
  return answer(prices)
}

async function order(settings: Settings, req: PayloadRequest, place: string): Promise<Response> {
  const body = await readJson(req.body ?? null, longestBody)
  const wanted = toOrder(body)
  if (!wanted || !isRecord(body) || !isRecord(body.prices)) return notAnOrder()
  const mayApprove = await settings.access.approve({ req })
  for (const shape of wanted.shapes) {
    const form = { ...formOf(wanted, shape), by: userName(req.user) }
    const told = await askBridge(settings, place, form)
    if (!told) return bridgeUnavailable()
    const ordered = told.status === 200 || told.status === 202 ? toExport(told.body) : null
    if (!ordered) return bridgeProblem(told)
    const seen = body.prices[shape]
    if (ordered.status === 'storyboard_complete' && mayApprove && typeof seen === 'string') {
      const refused = await approve(settings, req, told.body, seen)
      if (refused) return refused
    }
  }
  return new Response(null, { status: 204 })
}

async function act(settings: Settings, req: PayloadRequest, place: string): Promise<Response> {
  const wanted = exportActs.find((each) => each === req.routeParams?.act)
  const one = `${place}/${encodeURIComponent(String(req.routeParams?.export))}`
  if (!wanted) return problem(404, 'Not found', 'There is no such act.')
  if (wanted !== 'approve') {
    const told = await askBridge(settings, `${one}/${wanted}`, {})
    if (!told) return bridgeUnavailable()
    return told.status === 200 ? new Response(null, { status: 204 }) : bridgeProblem(told)
  }
  if (!(await settings.access.approve({ req }))) {
    const detail = 'Only those who may approve may spend on it.'
    return problem(403, 'Forbidden', detail, { code: 'not_an_approver' })
  }
  const body = await readJson(req.body ?? null, longestBody)
  const seen = isRecord(body) ? body.toApprove : undefined
  if (typeof seen !== 'string') return notAnOrder()
  const told = await askBridge(settings, one)
  if (!told) return bridgeUnavailable()
  if (told.status !== 200) return bridgeProblem(told)
  return (await approve(settings, req, told.body, seen)) ?? new Response(null, { status: 204 })
}

/** Approve an export at the price that was shown and begin it; return what stands against it. */
async function approve(
  settings: Settings,
  req: PayloadRequest,
  body: unknown,
  estimatedCost: string,
): Promise<null | Response> {
  const { id, storyboardDigest } = isRecord(body) ? body : {}
  const job = `/jobs/${encodeURIComponent(String(id))}`
  const by = userName(req.user)
  const steps: [string, object][] = [
    [`${job}/approve`, { storyboardDigest, estimatedCost, by }],
    [`${job}/render`, {}],
  ]
  for (const [step, content] of steps) {
    const told = await askBridge(settings, step, content)
    if (!told) return bridgeUnavailable()
    if (told.status >= 300) return bridgeProblem(told)
  }
  return null
}

/** Nothing is told of it where the service is older than this plugin. */
const toLost = (amount: unknown): string => (typeof amount === 'string' ? amount : '0')

const notAnOrder = (): Response => problem(400, 'No order', 'The body is no order of films.')

function formOf(order: ExportOrder, aspectRatio: string): object {
  const { captions, format, pictures, previews, resolution, stream } = order
  const burned = captions === 'own' ? null : captions
  const form = { aspectRatio, format, pictures, resolution, captions: burned, hls: stream }
  // A service that is older than this plugin knows nothing of them.
  return previews ? { ...form, previews } : form
}

/** Return the order that a body holds, each shape once; null where it is none. */
function toOrder(body: unknown): ExportOrder | null {
  if (!isRecord(body) || !Array.isArray(body.shapes)) return null
  const asked: unknown[] = body.shapes
  const format = codecs.find((each) => each === body.format)
  const pictures = pictureChoices.find((each) => each === body.pictures)
  const resolution = resolutions.find((each) => each === body.resolution)
  const captions = captionChoices.find((each) => each === body.captions)
  const { previews = false, stream } = body
  const wanted = shapes.filter((each) => asked.includes(each))
  if (!format || !pictures || !resolution || !captions) return null
  if (typeof stream !== 'boolean' || typeof previews !== 'boolean') return null
  if (wanted.length === 0 || wanted.length !== asked.length) return null
  return { captions, format, pictures, previews, resolution, shapes: wanted, stream }
}

const burnedStyles = ['outline', 'box', 'highlight', 'lit'] as const

/** Return what the panel shows of an export; null for what is none. */
function toExport(body: unknown): Export | null {
  if (!isRecord(body)) return null
  const { cropped, error, id, lostAtMost, progress, rendition, toApprove } = body
  const status = statuses.find((each) => each === body.status)
  const shape = shapes.find((each) => each === body.aspectRatio)
  const resolution = resolutions.find((each) => each === body.resolution)
  const format = codecs.find((each) => each === body.format)
  if (!status || !shape || !resolution || !format) return null
  if (typeof id !== 'string' || typeof toApprove !== 'string') return null
  return {
    ...{ id, status, shape, resolution, format, toApprove },
    lostAtMost: toLost(lostAtMost),
    progress: Number(progress) || 0,
    isCropped: cropped === true,
    captions: burnedStyles.find((each) => each === body.captions) ?? null,
    error: isRecord(error) ? toProblem({ ...error, detail: error.message }) : null,
    film: toFilm(rendition),
  }
}

function toFilm(rendition: unknown): Export['film'] {
  if (!isRecord(rendition)) return null
  const { bytes, duration, files, height, id, width } = rendition
  if (typeof id !== 'string') return null
  const numbers = [bytes, duration, height, width].map((value) => Number(value) || 0)
  const [size = 0, seconds = 0, high = 0, wide = 0] = numbers
  const kinds = Array.isArray(files) ? files.filter(isRecord).map(({ kind }) => kind) : []
  return {
    ...{ id, bytes: size, duration: seconds, height: high, width: wide },
    isKept: typeof rendition.retiredAt !== 'string',
    hasStream: kinds.includes('hls'),
    hasPreviews: kinds.includes('webm') && kinds.includes('gif'),
  }
}
