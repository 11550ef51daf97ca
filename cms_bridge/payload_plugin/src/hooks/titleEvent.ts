/** Calls an event by what happened and to which video, in the language of whoever reads it. */
import type { CollectionAfterReadHook } from 'payload'

import type { OutboxDoc } from '../documents.ts'
import { eventWords, translate } from '../translations/index.ts'

export const titleEvent: CollectionAfterReadHook = ({ doc, req }) => {
  const event = doc as Partial<OutboxDoc>
  // Read without its type, for something else than to be shown.
  if (!event.type) return event
  const { language } = req.i18n
  const words = eventWords(event.type, language)
  const title = event.title
    ? translate(language, 'event.title', { event: words, video: event.title })
    : words
  return { ...event, title }
}
