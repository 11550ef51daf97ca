/**
 * The board: what there is of each scene, and the way to it for whoever may read the storyboard.
 *
 * The browser is told which pictures and narrations a storyboard has and asks here for their
 * bytes: it is led to a fresh link of the bridge's, and only to media of that storyboard's film.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { parseJson } from '../json.ts'
import type { Settings } from '../settings.ts'
import type { StoryboardDoc } from '../documents.ts'
import { askLink, askText } from './bridge.ts'
import { type Board, paths } from './contract.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'
import { toBoard } from './timeline.ts'

/** Milliseconds in which a page asks for all pictures of a board that it was just told of. */
const rememberedMs = 10_000
/** Boards that a process remembers. */
const mostRemembered = 64

export function boardEndpoints(settings: Settings): Endpoint[] {
  const known = new KnownMedia()
  return [
    {
      method: 'get',
      path: paths.board,
      handler: async (req) => {
        const storyboard = await findStoryboard(settings, req)
        if (!storyboard) return problem(404, 'Not found', 'There is no such storyboard.')
        const told = await askBoard(settings, storyboard.jobId)
        if (told instanceof Response) return told
        known.remember(storyboard.jobId, told)
        return answer(told)
      },
    },
    {
      method: 'get',
      path: paths.medium,
      handler: async (req) => {
        const storyboard = await findStoryboard(settings, req)
        const asset = String(req.routeParams?.asset)
        const missing = problem(404, 'Not found', 'There is no such picture or narration.')
        if (!storyboard || !/^[\da-f-]{36}$/.test(asset)) return missing
        if (!known.has(storyboard.jobId, asset)) {
          const told = await askBoard(settings, storyboard.jobId)
          if (told instanceof Response) return told
          known.remember(storyboard.jobId, told)
          if (!known.has(storyboard.jobId, asset)) return missing
        }
        const led = await askLink(settings, `/media/assets/${asset}/content`)
        if (led?.status === 404) return missing
        if (!led?.link) return bridgeUnavailable()
        return new Response(null, {
          status: 302,
          headers: { location: led.link.href, 'cache-control': 'private, no-store' },
        })
      },
    },
  ]
}

function findStoryboard(
  { slugs }: Settings,
  req: PayloadRequest,
): Promise<StoryboardDoc | undefined> {
  return findReadable<StoryboardDoc>(req, slugs.storyboards)
}

/** Return the board of a job, or the response that says why there is none. */
async function askBoard(settings: Settings, jobId: string): Promise<Board | Response> {
  const told = await askText(settings, `/jobs/${encodeURIComponent(jobId)}/timeline`)
  if (!told) return bridgeUnavailable()
  const body = parseJson(told.text)
  const board = toBoard(body)
  return told.status === 200 && board ? board : bridgeProblem({ status: told.status, body })
}

/** Which media belong to which job, as the bridge said a moment ago. */
class KnownMedia {
  #jobs = new Map<string, { assets: Set<string>; until: number }>()

  remember(job: string, { scenes }: Board): void {
    const media = scenes.flatMap(({ narration, picture }) => [narration, picture])
    const assets = new Set(media.flatMap((medium) => (medium ? [medium.id] : [])))
    this.#jobs.delete(job)
    this.#jobs.set(job, { assets, until: Date.now() + rememberedMs })
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > mostRemembered && oldest !== undefined) this.#jobs.delete(oldest)
  }

  has(job: string, asset: string): boolean {
    const known = this.#jobs.get(job)
    return known !== undefined && known.until > Date.now() && known.assets.has(asset)
  }
}
