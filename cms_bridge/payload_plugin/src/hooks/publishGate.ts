/** Keeps a film that holds placeholders, or calls of unknown outcome, from being published. */
import type { CollectionBeforeChangeHook } from 'payload'

import type { PublishedAnyway, VideoDoc } from '../documents.ts'
import { findHold, permitOf } from '../publishing.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'
import { translate } from '../translations/index.ts'
import { userName } from '../user.ts'

const nothingSaid = { by: null, at: null, reason: null, hold: null } as const

/**
 * Refuse a save that publishes such a film, unless it says why or somebody has said so before.
 *
 * Every way to publish comes through here: one document or many, a version that is restored, a
 * date that was set, the Local API. What is published already is not published by a save.
 *
 * `publishAnyway` is a field that only those with the right may write (see `publishingFields`), so
 * that where it says something it is allowed to.
 */
export function publishGate(settings: Settings): CollectionBeforeChangeHook {
  return async ({ collection, data: saved, operation, originalDoc, req }) => {
    // What is new has no film yet.
    const before = operation === 'update' ? (originalDoc as VideoDoc) : undefined
    const { publishAnyway, ...data } = saved as Partial<VideoDoc>
    const kept: Partial<PublishedAnyway> = before?.publishedAnyway?.at
      ? before.publishedAnyway
      : nothingSaid
    const asItWas = { ...data, publishedAnyway: { ...kept } }
    const hasDrafts = Boolean(collection.versions?.drafts)
    const isPublished = (status: unknown): boolean => status === 'published'
    const publishes = isPublished(data._status ?? before?._status) && !isPublished(before?._status)
    if (!hasDrafts || !before || !publishes) return asItWas

    const hold = await findHold(settings, req, before.id)
    if (!hold || permitOf(before, hold)) return asItWas
    const { language } = req.i18n
    const reason = publishAnyway?.trim()
    if (!reason) {
      const why = hold.reasons.map((each) => translate(language, `hold.${each}`))
      const message = [translate(language, 'hold'), ...why, translate(language, 'hold.help')]
      throw new Refusal(message.join(' '))
    }
    const said: PublishedAnyway = {
      by: userName(req.user) || translate(language, 'publishedAnyway.program'),
      at: new Date().toISOString(),
      reason,
      hold: hold.key,
    }
    return { ...data, publishedAnyway: said }
  }
}
