/** What happened, in words; a kind of event that is new here is named as the service names it. */
import { isTranslationKey, translate } from '../../translations/index.ts'

export function eventWords(type: string, language: string): string {
  const key = `event.type.${type}`
  return isTranslationKey(key) ? translate(language, key) : type
}
