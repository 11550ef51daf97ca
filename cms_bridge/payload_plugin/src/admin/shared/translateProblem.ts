/** The service's warnings and errors in the editor's language. */
import type { Problem } from '../../generated/events.ts'
import { isTranslationKey, isTranslated, translate } from '../../translations/index.ts'

/**
 * Return a warning or an error in the editor's language.
 *
 * The service's own sentence is English and knows most; it also stands where a
 * code is new here, or a value that the translation speaks of is missing.
 */
export function translateProblem(
  { code, message, params = {} }: Problem,
  language: string,
): string {
  const key = `error.${code}`
  if (!isTranslated(language) || !isTranslationKey(key)) return message
  const unit = `unit.${String(params.unit)}`
  const values = isTranslationKey(unit) ? { ...params, unit: translate(language, unit) } : params
  const sentence = translate(language, key, values)
  return /\{\w+\}/.test(sentence) ? message : sentence
}
