/**
 * Watching: redirects whoever may read a rendition to a fresh link to its media.
 *
 * The links are asked for on the server, with the bridge's key, each time; the
 * browser holds neither the key nor a link that outlives an hour.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { readBounded } from '../body.ts'
import type { Settings } from '../settings.ts'
import type { RenditionDoc } from '../types.ts'
import { problem } from './problem.ts'

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
  const rendition = await findReadable(settings, req)
  if (!rendition?.file) return problem(404, 'Not found', 'There is no such video to watch.')
  const links = await askLinks(settings, rendition.jobId)
  if (!links) {
    return problem(503, 'Render service away', 'The render service does not answer at the moment.')
  }
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

async function findReadable(
  { slugs }: Settings,
  req: PayloadRequest,
): Promise<RenditionDoc | undefined> {
  const { docs } = await req.payload.find({
    collection: slugs.renditions,
    where: { id: { equals: req.routeParams?.id } },
    limit: 1,
    depth: 0,
    overrideAccess: false,
    req,
  })
  return docs[0] as unknown as RenditionDoc | undefined
}

async function askLinks(
  { apiKey, bridgeUrl, deliver }: Settings,
  jobId: string,
): Promise<Links | null> {
  const address = `${bridgeUrl}/api/v1/videos/jobs/${encodeURIComponent(jobId)}/links`
  try {
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${apiKey}` },
      redirect: 'error',
      signal: AbortSignal.timeout(deliver.timeoutMs),
    })
    const body = await readBounded(response.body, 64 * 1024)
    return response.ok && body ? (JSON.parse(body.toString('utf8')) as Links) : null
  } catch {
    // Away, too slow, or no JSON: for whoever watches it is all the same.
    return null
  }
}
