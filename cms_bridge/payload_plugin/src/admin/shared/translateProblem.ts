/** The service's warnings and errors in the editor's language. */
import type { Problem } from '../../generated/events.ts'
import {
  isTranslationKey,
  isTranslated,
  translate,
  type TranslationKey,
  type TranslationParams,
} from '../../translations/index.ts'
import { formatDollars } from './format.ts'

/** Values that are amounts of US dollars; the service writes them to the millionth. */
const amounts = new Set([
  ...['amount', 'approved', 'cap', 'cost', 'estimatedCost'],
  ...['more', 'needed', 'seen', 'spent', 'wanted'],
])

/** What a form calls the places where a storyboard names a file of one's own. */
const fieldLabels: Record<string, TranslationKey> = {
  picture: 'scene.picture',
  'clip.own': 'scene.clipFile',
  narrationFile: 'scene.narrationFile',
  'music.own': 'musicFile',
  'logo.own': 'logo',
  'cast.references': 'cast.references',
}

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
  if (!isTranslated(language)) return message
  const sentence = sentenceOf(code, params, language)
  if (sentence === null) return message
  const scene = Number(params.scene)
  // The service's own sentence begins with it, unless it speaks of the scene anyway.
  return scene > 0 && !speaksOf(`error.${code}`, language).includes('scene')
    ? translate(language, 'scene.problem', { scene, problem: sentence })
    : sentence
}

/** Return a code's sentence; null where there is none, or one of its values is missing. */
function sentenceOf(
  code: string,
  params: NonNullable<Problem['params']>,
  language: string,
): null | string {
  const key = `error.${code}`
  if (!isTranslationKey(key)) return null
  const values = valuesOf(params, language)
  const isWhole = speaksOf(key, language).every((name) => values[name] !== undefined)
  return isWhole ? translate(language, key, values) : null
}

/** Return the names of the values that a sentence sets in. */
function speaksOf(key: string, language: string): string[] {
  if (!isTranslationKey(key)) return []
  return [...translate(language, key).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** Return values as an editor reads them: amounts as prices, and no codes of programs. */
function valuesOf(
  { reason, ...params }: NonNullable<Problem['params']>,
  language: string,
): TranslationParams {
  const values = Object.entries(params).map(([name, value]): [string, number | string] => {
    const key = { field: fieldLabels[value], unit: `unit.${String(value)}` }[name]
    if (key && isTranslationKey(key)) return [name, translate(language, key)]
    const isAmount = amounts.has(name) && Number.isFinite(Number(value))
    return [name, isAmount ? formatDollars(Number(value), language) : value]
  })
  const told = reason === undefined ? null : reasonOf(String(reason), params, language)
  return { ...Object.fromEntries(values), ...(told !== null && { reason: told }) }
}

/** Return why it was so, within another sentence; null for a code whose values are missing. */
function reasonOf(
  reason: string,
  params: NonNullable<Problem['params']>,
  language: string,
): null | string {
  if (!isTranslationKey(`error.${reason}`)) return reason
  return sentenceOf(reason, params, language)?.replace(/\.$/, '') ?? null
}
