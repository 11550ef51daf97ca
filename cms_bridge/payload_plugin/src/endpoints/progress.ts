/**
 * The progress of a video's present job, handed on from the service's stream as it comes.
 *
 * The browser holds no key of the bridge's: whoever may read the video hears of its job here, and of
 * no other. How many listen is bounded, and how long each does; a browser that asks again goes on
 * after the last event that it has heard.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import type { RenditionDoc, VideoDoc } from '../documents.ts'
import { filmAsked, filmOf } from '../films.ts'
import { readJson } from '../body.ts'
import type { Settings } from '../settings.ts'
import { paths } from './contract.ts'
import { findNewestReadable, findReadable } from './readable.ts'
import { type Place, Places, relay } from './relay.ts'
import { bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

/** Streams of one user: a window each, and some that have not been noticed to be gone. */
const mostOfOneUser = 8
/** Twice the longest that the service lets pass without a sign of life, and some more. */
const longestQuietMs = 130_000
/** Bytes of one stream: several thousand events. */
const longestStream = 4 * 1024 * 1024
const longestProblem = 64 * 1024

export function progressEndpoint(settings: Settings): Endpoint {
  const places = new Places(settings.progress.streams, mostOfOneUser)
  return {
    method: 'get',
    path: paths.progress,
    handler: async (req) => {
      const video = await findReadable<VideoDoc>(req, settings.slugs.videos)
      if (!video) return problem(404, 'Not found', 'There is no such video.')
      const rendition = await findNewestReadable<RenditionDoc>(req, settings.slugs.renditions, {
        video: { equals: video.id },
        submission: { equals: filmOf(video, filmAsked(settings, req)).submission ?? 0 },
      })
      const { job } = req.query
      // The events of one job are numbered by themselves: whoever followed another begins anew.
      if (!rendition || (job !== undefined && job !== rendition.jobId)) return nothingToTell()
      const place = places.take(`${req.user?.collection ?? ''} ${String(req.user?.id)}`)
      if (!place) return tooMany()
      const told = await follow(settings, req, rendition.jobId, place)
      if (!told.body || told.status !== 200) place.leave()
      return told
    },
  }
}

/** Open the service's stream of a job and hand it on. */
async function follow(
  settings: Settings,
  req: PayloadRequest,
  job: string,
  place: Place,
): Promise<Response> {
  const { apiKey, bridgeUrl, deliver, progress } = settings
  const abort = new AbortController()
  const late = setTimeout(() => abort.abort(), deliver.timeoutMs)
  req.signal?.addEventListener('abort', () => abort.abort(), { once: true })
  try {
    const known = lastHeard(req)
    const response = await fetch(`${bridgeUrl}/api/v1/jobs/${encodeURIComponent(job)}/events`, {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${apiKey}`,
        ...(known && { 'last-event-id': known }),
      },
      redirect: 'error',
      signal: abort.signal,
    })
    const { body, status } = response
    if (status === 204) return nothingToTell()
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (status !== 200 || !body || !isStream) {
      return bridgeProblem({ status, body: await readJson(body, longestProblem) })
    }
    const bounds = { lastsMs: progress.streamMs, quietMs: longestQuietMs, bytes: longestStream }
    return new Response(relay(body, abort, bounds, place.leave), { headers: streamed })
  } catch {
    // Refused, reset, timed out: for whoever asked it is all the same.
    return bridgeUnavailable()
  } finally {
    clearTimeout(late)
  }
}

const streamed = {
  'content-type': 'text/event-stream',
  // Nobody in between may keep it, compress it or gather it up first.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}

/** Return the number of the last event that a browser has heard, as it says by itself or was told to. */
function lastHeard({ headers, query }: PayloadRequest): null | string {
  const told = [headers.get('last-event-id'), query.after]
  return told.find((each): each is string => /^\d{1,10}$/.test(String(each))) ?? null
}

/** A browser that is answered so asks no more by itself. */
const nothingToTell = (): Response =>
  new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })

const tooMany = (): Response =>
  problem(429, 'Too many listeners', 'As many streams are open as this server has places for.')
