/** What happened and what keeps it from the service, in words. */
import type { OutboxDoc } from '../../documents.ts'
import type { Problem } from '../../generated/events.ts'
import { isTranslationKey, translate } from '../../translations/index.ts'

/** Name an event; a kind that is new here is named as the service names it. */
export function eventWords(type: string, language: string): string {
  const key = `event.type.${type}`
  return isTranslationKey(key) ? translate(language, key) : type
}

/**
 * Return why an event is not delivered; null where it is, or where nothing was tried yet.
 *
 * What has no code, such as a connection that was refused, is nothing for people to read.
 */
export function undelivered(
  { lastError, problem, state }: Pick<OutboxDoc, 'lastError' | 'problem' | 'state'>,
  language: string,
): null | Problem {
  if (state === 'delivered' || !(problem ?? lastError)) return null
  if (problem?.code) return problem
  const key = state === 'queued' ? 'event.unanswered' : 'event.unexplained'
  return { code: '', message: translate(language, key) }
}
