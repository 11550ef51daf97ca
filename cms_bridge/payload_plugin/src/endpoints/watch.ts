/**
 * Watching: redirects whoever may read a rendition to a fresh link to its media.
 *
 * The links are asked for on the server, with the bridge's key, each time; the
 * browser holds neither the key nor a link that outlives an hour.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import type { Settings } from '../settings.ts'
import type { RenditionDoc } from '../documents.ts'
import { askBridge } from './bridge.ts'
import { away, problem } from './problem.ts'
import { findReadable } from './readable.ts'

interface Links {
  video?: { download_url?: string; url?: string }
  poster?: { url?: string }
}

const choices: Record<string, (links: Links) => string | undefined> = {
  video: ({ video }) => video?.url,
  download: ({ video }) => video?.download_url ?? video?.url,
  poster: ({ poster }) => poster?.url,
}

export function watchEndpoints(settings: Settings): Endpoint[] {
  return Object.entries(choices).map(([name, choose]) => ({
    method: 'get',
    path: `/reelwright/renditions/:id/${name}`,
    handler: (req) => redirectTo(settings, req, choose),
  }))
}

async function redirectTo(
  settings: Settings,
  req: PayloadRequest,
  choose: (links: Links) => string | undefined,
): Promise<Response> {
  const rendition = await findReadable<RenditionDoc>(req, settings.slugs.renditions)
  if (!rendition?.file) return problem(404, 'Not found', 'There is no such video to watch.')
  const links = await askLinks(settings, rendition.jobId)
  if (!links) return away()
  const link = choose(links)
  const target = link && URL.canParse(link, settings.bridgeUrl) && new URL(link, settings.bridgeUrl)
  if (!target || !/^https?:$/.test(target.protocol)) {
    return problem(404, 'Not found', 'The render service has no such file.')
  }
  return new Response(null, {
    status: 302,
    headers: { location: target.href, 'cache-control': 'private, no-store' },
  })
}

async function askLinks(settings: Settings, jobId: string): Promise<Links | null> {
  const answer = await askBridge(settings, `/videos/jobs/${encodeURIComponent(jobId)}/links`)
  return answer?.status === 200 ? (answer.body as Links | null) : null
}
