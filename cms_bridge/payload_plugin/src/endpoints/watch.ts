/**
 * Watching: redirects whoever may read a rendition to a fresh link to its media.
 *
 * The links are asked for on the server, with the bridge's key, each time; the
 * browser holds neither the key nor a link that outlives an hour. `film` names one of
 * the video's films; without it the newest is meant.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import type { RenditionDoc } from '../documents.ts'
import { askBridge } from './bridge.ts'
import { paths } from './contract.ts'
import { findReadable } from './readable.ts'
import { bridgeUnavailable, problem } from './responses.ts'

type Medium = 'download' | 'poster' | 'video'

/** Where a link stands in the bridge's answer, the best one first. */
const placesOf: Record<Medium, readonly (readonly [string, string])[]> = {
  video: [['video', 'url']],
  download: [
    ['video', 'downloadUrl'],
    ['video', 'url'],
  ],
  poster: [['poster', 'url']],
}

export function watchEndpoints(settings: Settings): Endpoint[] {
  return (['video', 'poster', 'download'] as const).map((medium) => ({
    method: 'get',
    path: paths[medium],
    handler: (req) => redirectTo(settings, req, medium),
  }))
}

async function redirectTo(
  settings: Settings,
  req: PayloadRequest,
  medium: Medium,
): Promise<Response> {
  const rendition = await findReadable<RenditionDoc>(req, settings.slugs.renditions)
  if (!rendition?.file) return problem(404, 'Not found', 'There is no such video to watch.')
  const job = encodeURIComponent(rendition.jobId)
  const { film } = req.query
  const named = typeof film === 'string' && /^[\da-f-]{36}$/.test(film) ? `?rendition=${film}` : ''
  const links = await askBridge(settings, `/videos/jobs/${job}/links${named}`)
  if (links?.status !== 200 || !isRecord(links.body)) return bridgeUnavailable()
  const link = linkTo(medium, links.body)
  const target = link && URL.canParse(link, settings.bridgeUrl) && new URL(link, settings.bridgeUrl)
  if (!target || !/^https?:$/.test(target.protocol)) {
    return problem(404, 'Not found', 'The render service has no such file.')
  }
  return new Response(null, {
    status: 302,
    headers: { location: target.href, 'cache-control': 'private, no-store' },
  })
}

function linkTo(medium: Medium, links: Record<string, unknown>): string | undefined {
  return placesOf[medium]
    .map(([file, name]) => {
      const entry = links[file]
      return isRecord(entry) ? entry[name] : undefined
    })
    .find((link) => typeof link === 'string')
}
