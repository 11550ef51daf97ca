/**
 * Watching: redirects whoever may read a rendition, or watch the films of its video, to a fresh link
 * to its media, and hands on the texts beside it.
 *
 * The links are asked for on the server, with the bridge's key, each time; the
 * browser holds neither the key nor a link that outlives an hour. Texts come from here, since a
 * browser takes a film's captions only from the origin of its page. `film` names one of
 * the submission's films; without it the newest is meant, which is all of it that those see who may
 * only watch. A browser that goes to such an address by itself is told in a page why there is
 * nothing.
 */
import type { Endpoint, PayloadRequest, Where } from 'payload'

import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { idOf, type RenditionDoc } from '../documents.ts'
import { askBridge, askText } from './bridge.ts'
import { paths } from './contract.ts'
import { withPage } from './page.ts'
import { findReadable } from './readable.ts'
import { bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

const media = ['video', 'poster', 'download', 'stream', 'webm', 'gif'] as const

type Medium = (typeof media)[number]
type Text = 'captions' | 'chapters' | 'transcript'

/** Where each text stands below a film, and what it is. */
const texts: Record<Text, readonly [place: string, mediaType: string]> = {
  captions: ['captions.vtt', 'text/vtt'],
  chapters: ['chapters.vtt', 'text/vtt'],
  transcript: ['transcript', 'text/plain'],
}

/** Where a link stands in the bridge's answer, the best one first. */
const placesOf: Record<Medium, readonly (readonly [string, string])[]> = {
  video: [['video', 'url']],
  download: [
    ['video', 'downloadUrl'],
    ['video', 'url'],
  ],
  poster: [['poster', 'url']],
  stream: [['hls', 'url']],
  webm: [['webm', 'url']],
  gif: [['gif', 'url']],
}

export function watchEndpoints(settings: Settings): Endpoint[] {
  return [
    ...media.map((medium): Endpoint => ({
      method: 'get',
      path: paths[medium],
      handler: async (req) => withPage(req, await redirectTo(settings, req, medium)),
    })),
    ...(Object.keys(texts) as Text[]).map((text): Endpoint => ({
      method: 'get',
      path: paths[text],
      handler: async (req) => withPage(req, await handOn(settings, req, text)),
    })),
  ]
}

async function findFinished(
  settings: Settings,
  req: PayloadRequest,
): Promise<null | { film: null | string; job: string }> {
  const { film } = req.query
  const named = typeof film === 'string' && /^[\da-f-]{36}$/.test(film) ? film : null
  const rendition =
    (named ? undefined : await findWatchable(settings, req)) ??
    (await findReadable<RenditionDoc>(req, settings.slugs.renditions))
  return rendition?.file ? { job: encodeURIComponent(rendition.jobId), film: named } : null
}

/** Return the rendition that the address names if the films of its video may be watched. */
async function findWatchable(
  { access, slugs }: Settings,
  req: PayloadRequest,
): Promise<RenditionDoc | undefined> {
  const allowed = await access.watch({ req })
  if (!allowed) return undefined
  const find = async <T>(collection: string, where: Where): Promise<T | undefined> => {
    // As published, and not from the trash.
    const { docs } = await req.payload.find({
      collection,
      where,
      limit: 1,
      depth: 0,
      joins: false,
      overrideAccess: true,
      req,
    })
    return docs[0] as unknown as T | undefined
  }
  const id = { equals: req.routeParams?.id }
  const rendition = await find<RenditionDoc>(slugs.renditions, { id })
  if (!rendition) return undefined
  const itsVideo: Where = { id: { equals: idOf(rendition.video) } }
  const where = allowed === true ? itsVideo : { and: [itsVideo, allowed] }
  return (await find(slugs.videos, where)) ? rendition : undefined
}

async function redirectTo(
  settings: Settings,
  req: PayloadRequest,
  medium: Medium,
): Promise<Response> {
  const found = await findFinished(settings, req)
  if (!found) return nothingToWatch()
  const named = found.film ? `?rendition=${found.film}` : ''
  const links = await askBridge(settings, `/videos/jobs/${found.job}/links${named}`)
  if (links?.status === 404 || links?.status === 410) return bridgeProblem(links)
  if (links?.status !== 200 || !isRecord(links.body)) return bridgeUnavailable()
  const link = linkTo(medium, links.body)
  const target = link && URL.canParse(link, settings.bridgeUrl) && new URL(link, settings.bridgeUrl)
  if (!target || !/^https?:$/.test(target.protocol)) {
    return noSuchFile()
  }
  return new Response(null, {
    status: 302,
    headers: { location: target.href, 'cache-control': 'private, no-store' },
  })
}

async function handOn(settings: Settings, req: PayloadRequest, text: Text): Promise<Response> {
  const found = await findFinished(settings, req)
  if (!found) return nothingToWatch()
  const [place, mediaType] = texts[text]
  const film = found.film ? `/renditions/${found.film}` : ''
  const told = await askText(settings, `/videos/${found.job}${film}/${place}`)
  if (told?.status === 410) {
    return problem(410, 'No longer kept', 'A newer film stands in the place of this one.', {
      code: 'rendition_retired',
    })
  }
  if (told?.status === 404) {
    return noSuchFile()
  }
  if (told?.status !== 200) return bridgeUnavailable()
  return new Response(told.text, {
    headers: {
      'content-type': `${mediaType}; charset=utf-8`,
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

const nothingToWatch = (): Response =>
  problem(404, 'Not found', 'There is no such video to watch.', { code: 'rendition_not_found' })

const noSuchFile = (): Response =>
  problem(404, 'Not found', 'The render service has no such file.', {
    code: 'rendition_file_not_found',
  })

function linkTo(medium: Medium, links: Record<string, unknown>): string | undefined {
  return placesOf[medium]
    .map(([file, name]) => {
      const entry = links[file]
      return isRecord(entry) ? entry[name] : undefined
    })
    .find((link) => typeof link === 'string')
}
