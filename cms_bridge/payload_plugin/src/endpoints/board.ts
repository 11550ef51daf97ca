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
import { toBoard, toPlaces } from './timeline.ts'

/** Milliseconds in which a page asks for all pictures of a board that it was just told of. */
const rememberedMs = 10_000
/** Boards that a process remembers. */
const mostRemembered = 64

export function boardEndpoints(settings: Settings): Endpoint[] {
  const known = new KnownPlaces()
  return [
    {
      method: 'get',
      path: paths.board,
      handler: async (req) => {
        const storyboard = await findStoryboard(settings, req)
        if (!storyboard) return problem(404, 'Not found', 'There is no such storyboard.')
        const timeline = await askTimeline(settings, storyboard)
        if (timeline instanceof Response) return timeline
        known.remember(storyboard.jobId, timeline.places)
        return answer(timeline.board)
      },
    },
    {
      method: 'get',
      path: paths.medium,
      handler: async (req) => {
        const storyboard = await findStoryboard(settings, req)
        const asset = String(req.routeParams?.asset)
        const missing = problem(404, 'Not found', 'There is no such picture or narration.')
        if (!storyboard) return missing
        let place = known.find(storyboard.jobId, asset)
        if (!place) {
          const timeline = await askTimeline(settings, storyboard)
          if (timeline instanceof Response) return timeline
          known.remember(storyboard.jobId, timeline.places)
          place = timeline.places.get(asset)
        }
        if (!place) return missing
        const led = await askLink(settings, place)
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

interface Timeline {
  board: Board
  /** Where each of its media is, by its id. */
  places: Map<string, string>
}

/** Return a job's timeline, or the response that says why there is none. */
async function askTimeline(
  settings: Settings,
  { cast, jobId }: StoryboardDoc,
): Promise<Response | Timeline> {
  const told = await askText(settings, `/jobs/${encodeURIComponent(jobId)}/timeline`)
  if (!told) return bridgeUnavailable()
  const body = parseJson(told.text)
  const board = toBoard(body, cast ?? [])
  if (told.status !== 200 || !board) return bridgeProblem({ status: told.status, body })
  return { board, places: toPlaces(body) }
}

/** Where the media of jobs are, as the bridge said a moment ago. */
class KnownPlaces {
  #jobs = new Map<string, { places: Map<string, string>; until: number }>()

  remember(job: string, places: Map<string, string>): void {
    this.#jobs.delete(job)
    this.#jobs.set(job, { places, until: Date.now() + rememberedMs })
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > mostRemembered && oldest !== undefined) this.#jobs.delete(oldest)
  }

  find(job: string, asset: string): string | undefined {
    const known = this.#jobs.get(job)
    return known && known.until > Date.now() ? known.places.get(asset) : undefined
  }
}
