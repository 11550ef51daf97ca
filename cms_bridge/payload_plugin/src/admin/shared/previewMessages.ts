/**
 * What the windows of an open document and of its live preview tell each other.
 *
 * Payload sends the values of a form with each key, and word of each save. The cards of a board
 * are in no form: it sends their scenes itself, to whatever page of this origin is shown.
 */
import type { Id, SceneRow } from '../../documents.ts'
import { isRecord } from '../../json.ts'

export type PreviewMessage =
  | { kind: 'form'; values: Record<string, unknown> }
  | { kind: 'saved' }
  | { kind: 'scenes'; scenes: readonly SceneRow[]; storyboard: Id }

/** Which window a page listens to, and of which document it wants to hear. */
export interface Listening {
  collection: string
  id: Id
  origin: string
  source: unknown
}

/** Return what an event says; null where it comes from elsewhere or speaks of something else. */
export function readMessage(
  { data, origin, source }: Pick<MessageEvent<unknown>, 'data' | 'origin' | 'source'>,
  wanted: Listening,
): null | PreviewMessage {
  if (origin !== wanted.origin || source !== wanted.source || !isRecord(data)) return null
  switch (data.type) {
    case 'payload-live-preview': {
      const values = data.data
      const isThis =
        data.collectionSlug === wanted.collection &&
        isRecord(values) &&
        String(values.id) === String(wanted.id)
      return isThis ? { kind: 'form', values } : null
    }
    case 'payload-document-event':
      return { kind: 'saved' }
    case 'reelwright-scenes': {
      const { scenes, storyboard } = data
      const isTold = typeof storyboard === 'string' || typeof storyboard === 'number'
      if (!isTold || !Array.isArray(scenes) || !scenes.every(isRecord)) return null
      return { kind: 'scenes', scenes, storyboard }
    }
    default:
      return null
  }
}

/** What a page says once it listens. */
export const readyMessage = { type: 'payload-live-preview', ready: true }

/** What a board sends of its scenes. */
export function scenesMessage(storyboard: Id, scenes: readonly SceneRow[]) {
  return { type: 'reelwright-scenes', storyboard, scenes }
}
