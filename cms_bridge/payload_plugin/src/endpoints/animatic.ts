/** The animatic: a storyboard's timeline as it stands in an editor's form, and its fonts. */
import type { Endpoint, PayloadRequest } from 'payload'

import { withAddresses } from '../animatic/addresses.ts'
import type { TimelinePreview } from '../generated/timeline.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge, openFile } from './bridge.ts'
import { paths } from './contract.ts'
import { findEdited } from './edits.ts'
import { handOn, sealedPath } from './media.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

/** Bytes of a timeline: that of a film of some hours. */
const longestTimeline = 32 * 1024 * 1024

export function animaticEndpoints(settings: Settings): Endpoint[] {
  return [
    { method: 'post', path: paths.timeline, handler: (req) => tellTimeline(settings, req) },
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

async function handOnFont(settings: Settings, req: PayloadRequest): Promise<Response> {
  if (!req.user) return problem(404, 'Not found', 'There is no such font.')
  const file = encodeURIComponent(String(req.routeParams?.file))
  return handOn(await openFile(settings, `/fonts?file=${file}`))
}
