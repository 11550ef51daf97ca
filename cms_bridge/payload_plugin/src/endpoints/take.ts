/**
 * A scene once more in the same words: the number of the take that the project has not had.
 *
 * Nothing is kept of the question. The number is written into the form, where it has its price
 * and is saved, approved and made like any other edit.
 */
import type { Endpoint } from 'payload'

import { readJson } from '../body.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { toStoryboard } from '../storyboard.ts'
import type { StoryboardDoc } from '../documents.ts'
import { askBridge, type BridgeAnswer } from './bridge.ts'
import { type MadeKind, madeKinds, paths, type Take, type TakeRequest } from './contract.ts'
import { largestEdit, toEdit } from './edits.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

export function takeEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: paths.take,
    handler: async (req) => {
      const saved = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
      if (!saved) return problem(404, 'Not found', 'There is no such storyboard.')
      const wanted = toRequest(await readJson(req.body ?? null, largestEdit))
      const scene = wanted && toStoryboard({ ...saved, ...wanted.edit }).scenes[wanted.scene]
      if (!wanted || !scene?.id) {
        return problem(400, 'Not a scene', 'The body names no scene that was saved.')
      }
      const job = `/jobs/${encodeURIComponent(saved.jobId)}`
      const standing = await askBridge(settings, `${job}/storyboard`)
      const basedOn = isRecord(standing?.body) ? standing.body.storyboardDigest : undefined
      if (standing?.status !== 200) return standing ? bridgeProblem(standing) : bridgeUnavailable()
      const refined = await askBridge(settings, `${job}/refinements/estimate`, {
        basedOn,
        changes: [
          // As it stands in the form: it may say something else than when it was saved.
          { kind: 'replace', scene },
          { kind: 'regenerate', sceneId: scene.id, [wanted.kind]: true },
        ],
      })
      if (!refined) return bridgeUnavailable()
      const take = toTake(refined, scene.id, wanted.kind)
      return take ? answer(take) : bridgeProblem(refined)
    },
  }
}

function toRequest(body: unknown): null | TakeRequest {
  if (!isRecord(body)) return null
  const edit = toEdit(body.edit)
  const kind = madeKinds.find((known) => known === body.kind)
  return edit && kind && typeof body.scene === 'number' ? { edit, kind, scene: body.scene } : null
}

function toTake({ body, status }: BridgeAnswer, sceneId: string, kind: MadeKind): null | Take {
  if (status !== 200 || !isRecord(body) || !isRecord(body.storyboard)) return null
  const { scenes } = body.storyboard
  if (!Array.isArray(scenes)) return null
  const scene = scenes.filter(isRecord).find(({ id }) => id === sceneId)
  const take = scene?.[`${kind}Take`]
  return typeof take === 'number' ? { take } : null
}
