/**
 * Every word an editor reads, in English, German, French, Spanish and Arabic.
 *
 * Independent of the languages that the host has switched on: another language
 * falls back to English.
 */
import { ar } from './ar.ts'
import { de } from './de.ts'
import { en, type Translations } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'

export type TranslationKey = keyof Translations
export type TranslationParams = Record<string, number | string>

const languages: Record<string, Translations> = { ar, de, en, es, fr }

/** The categories of number that a word is written in, by how many forms of it there are. */
const categories: Record<number, Intl.LDMLPluralRule[]> = {
  2: ['one', 'other'],
  6: ['zero', 'one', 'two', 'few', 'many', 'other'],
}

/**
 * Return the sentence in the given language, with `{name}` replaced by the parameter, and
 * `{name|one|other}` by the word that goes with its number; Arabic writes all six of its forms,
 * `{name|zero|one|two|few|many|other}`.
 */
export function translate(
  language: string,
  key: TranslationKey,
  params: TranslationParams = {},
): string {
  const sentence = (languages[primary(language)] ?? en)[key]
  const numbers = new Intl.NumberFormat(language)
  const plural = new Intl.PluralRules(language)
  const agreed = sentence.replace(/\{(\w+)\|([^}]*)\}/g, (_, name: string, written: string) => {
    const forms = written.split('|')
    const category = plural.select(Number(params[name]))
    return forms[categories[forms.length]?.indexOf(category) ?? -1] ?? forms.at(-1) ?? ''
  })
  return agreed.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = params[name]
    if (value === undefined) return placeholder
    return typeof value === 'number' ? numbers.format(value) : value
  })
}

/** Return a label in the form that Payload's configuration takes. */
export function labels(key: TranslationKey): Record<string, string> {
  return Object.fromEntries(
    Object.entries(languages).map(([language, table]) => [language, table[key]]),
  )
}

/** Tell whether a language has words of its own here, other than English. */
export function isTranslated(language: string): boolean {
  const table = languages[primary(language)]
  return table !== undefined && table !== en
}

const primary = (language: string): string => language.split('-')[0] ?? 'en'

/** Tell whether a key made at run time, from a code of the service, has a sentence here. */
export function isTranslationKey(key: string): key is TranslationKey {
  return key in en
}
