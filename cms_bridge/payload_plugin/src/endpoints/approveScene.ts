/**
 * The approval of one scene, at a price that was shown.
 *
 * It is written past the hooks, by one statement that is its own condition: so nobody's approval is
 * lost to another's at the same time, on any database. Whoever approves the last scene approves the
 * storyboard with it, as a save does that approves the whole.
 */
import { APIError, type Endpoint, type PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import {
  digestOf,
  sceneDigests,
  standingApprovals,
  unapprovedScenes,
  withApproval,
  withinPrices,
} from '../approvals.ts'
import type { Id, StoryboardDoc } from '../documents.ts'
import type { Storyboard } from '../generated/events.ts'
import { refuseInTrash, whileApproving } from '../approvable.ts'
import { holdNewest } from '../newest.ts'
import { isRecord } from '../json.ts'
import { withLibrary, withReplaced } from '../library.ts'
import type { Settings } from '../settings.ts'
import { toStoryboard } from '../storyboard.ts'
import { userName } from '../user.ts'
import { paths, type SceneApproved, type SeenScene } from './contract.ts'
import { askPrice } from './price.ts'
import { findReadable, mayWrite } from './readable.ts'
import { answer, bridgeProblem, problem } from './responses.ts'

const longestBody = 1024
/** Each further turn means that another save of this storyboard was stored meanwhile. */
const mostTurns = 100

export function approveSceneEndpoint(settings: Settings): Endpoint {
  const { slugs } = settings
  return {
    method: 'post',
    path: paths.approveScene,
    handler: async (req) => {
      const saved = await findReadable<StoryboardDoc>(req, slugs.storyboards)
      if (!saved) return problem(404, 'Not found', 'There is no such storyboard.')
      if (!(await mayWrite(req, slugs.storyboards, saved.id))) {
        const detail = 'You may not change this storyboard.'
        return problem(403, 'Forbidden', detail, { code: 'not_a_writer' })
      }
      if (!(await settings.access.approve({ req }))) {
        return problem(403, 'Forbidden', 'You may not spend anything.', { code: 'not_an_approver' })
      }
      const seen = toSeen(await readJson(req.body ?? null, longestBody))
      if (!seen) return problem(400, 'Nothing seen', 'The body says not what was seen.')
      return approve(settings, req, saved.id, seen).catch(told)
    },
  }
}

async function approve(
  settings: Settings,
  req: PayloadRequest,
  id: Id,
  seen: SeenScene,
): Promise<Response> {
  const collection = settings.slugs.storyboards
  const sceneId = String(req.routeParams?.scene)
  const read = await holdNewest<StoryboardDoc>(req, collection, id)
  await refuseInTrash(settings, req, read)
  const storyboard = toStoryboard(read)
  const digest = sceneDigests(storyboard).get(sceneId)
  if (digest === undefined) {
    return problem(404, 'Not found', 'There is no such scene.', { code: 'scene_changed' })
  }
  if (digest !== seen.digest) {
    await bringUpToDate(settings, req, read)
    return sceneChanged()
  }
  const price = await askPrice(settings, encodeURIComponent(read.jobId), storyboard)
  if (price instanceof Response) return price
  const due = new Map(price.scenes.map((scene) => [scene.sceneId, scene.due]))
  const now = due.get(sceneId)
  // Nothing is approved of which nobody knows what it costs.
  if (now === undefined) return bridgeProblem({ status: 200, body: null })
  if (Number(now) > Number(seen.due)) {
    const message = `The price has changed since it was shown: $${seen.due} then, $${now} now.`
    const params = { seen: seen.due, estimatedCost: now }
    return problem(409, 'Price changed', message, { code: 'price_changed', params })
  }
  const approval = {
    scene: sceneId,
    digest,
    price: now,
    by: userName(req.user),
    at: new Date().toISOString(),
  }
  const written = await write(collection, req, id, (doc, standing) =>
    sceneDigests(doc).get(sceneId) === digest
      ? withinPrices(withApproval(standing, approval), due)
      : null,
  )
  if (!written) return sceneChanged()
  const left = unapprovedScenes(written.sceneApprovals, toStoryboard(written))
  const isSame = digestOf(toStoryboard(written)) === digestOf(storyboard)
  // What is not the whole price that was shown is for somebody to look at, who approves the whole.
  const isSeen = Number(price.toApprove) <= Number(seen.toApprove)
  const { decision } = written
  if (left.length > 0 || !isSame || !isSeen || decision === 'approved') return stands(written)
  const saved = await whileApproving(req, storyboard, () =>
    req.payload.update({
      collection,
      id,
      data: { decision: 'approved', approvedCost: price.toApprove },
      depth: 0,
      overrideAccess: false,
      req,
    }),
  )
  return stands(saved as unknown as StoryboardDoc)
}

/**
 * Write what a function makes of the approvals as they stand, unless it makes nothing of them.
 *
 * Returns the storyboard with them; one that is approved as a whole is returned as it is.
 */
async function write(
  collection: string,
  req: PayloadRequest,
  id: Id,
  change: (
    storyboard: Storyboard,
    standing: NonNullable<StoryboardDoc['sceneApprovals']>,
  ) => null | NonNullable<StoryboardDoc['sceneApprovals']>,
): Promise<null | StoryboardDoc> {
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const doc = await holdNewest<StoryboardDoc & { updatedAt: string }>(req, collection, id)
    if (doc.decision === 'approved') return doc
    const storyboard = toStoryboard(doc)
    const sceneApprovals = change(storyboard, standingApprovals(doc.sceneApprovals, storyboard))
    if (!sceneApprovals) return null
    const { updatedAt } = doc
    const written: unknown = await req.payload.db.updateOne({
      collection,
      where: { and: [{ id: { equals: id } }, { updatedAt: { equals: updatedAt } }] },
      // Two in one millisecond have to be told apart.
      data: {
        sceneApprovals,
        updatedAt: new Date(Math.max(Date.now(), Date.parse(updatedAt) + 1)).toISOString(),
      },
      options: { atomic: true },
      req,
    })
    if (written) return { ...doc, sceneApprovals }
  }
  return null
}

/** Save a storyboard that shows files of the library which have changed since, as the next save would. */
async function bringUpToDate(
  settings: Settings,
  req: PayloadRequest,
  saved: StoryboardDoc,
): Promise<void> {
  const replaced = await withReplaced(settings, req, saved)
  const brought = await withLibrary<StoryboardDoc>(settings, req, replaced, saved)
  if (digestOf(toStoryboard(brought)) === digestOf(toStoryboard(saved))) return
  await req.payload.update({
    collection: settings.slugs.storyboards,
    id: saved.id,
    data: {},
    depth: 0,
    overrideAccess: false,
    req,
  })
}

function stands(doc: StoryboardDoc): Response {
  const storyboard = toStoryboard(doc)
  const scenes = storyboard.scenes.length
  const left = doc.decision === 'approved' ? [] : unapprovedScenes(doc.sceneApprovals, storyboard)
  return answer({
    scenes,
    approvedScenes: scenes - left.length,
    decision: doc.decision ?? 'pending',
    revision: doc.revision ?? 0,
  } satisfies SceneApproved)
}

const sceneChanged = (): Response =>
  problem(409, 'Changed', 'This has changed since it was shown. Look at it once more.', {
    code: 'scene_changed',
  })

/** Answer with what Payload has against a save. */
function told(error: unknown): Response {
  if (!(error instanceof APIError) || error.status >= 500) throw error
  return problem(error.status, 'Refused', error.message)
}

function toSeen(body: unknown): null | SeenScene {
  if (!isRecord(body)) return null
  const { digest, due, toApprove } = body
  const isAmount = (value: unknown): value is string =>
    typeof value === 'string' && /^\d{1,6}(\.\d{1,6})?$/.test(value)
  if (typeof digest !== 'string' || !isAmount(due) || !isAmount(toApprove)) return null
  return { digest, due, toApprove }
}
