/** Voices as they are listed to choose from. */
import type { Voice } from '../../endpoints/contract.ts'
import { isTranslationKey, translate } from '../../translations/index.ts'
import { formatLanguage } from './format.ts'

export interface VoiceGroup {
  /** The language in the admin's own; empty for voices that speak every language. */
  label: string
  voices: Voice[]
}

const primary = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] ?? ''

/**
 * Return the voices by their languages: those of `locale` first, then those that speak whatever
 * is written, then the others by the name of their language in `language`.
 */
export function groupVoices(
  voices: readonly Voice[],
  { language, locale }: { language: string; locale: string },
): VoiceGroup[] {
  const names = new Intl.DisplayNames([language], { type: 'language' })
  const groups = new Map<string, Voice[]>()
  for (const voice of voices) {
    for (const tag of new Set(voice.languages.length ? voice.languages.map(primary) : [''])) {
      groups.set(tag, [...(groups.get(tag) ?? []), voice])
    }
  }
  const rank = (tag: string): number => (tag === primary(locale) && tag ? 0 : tag ? 2 : 1)
  return [...groups]
    .map(([tag, some]) => ({ tag, label: tag && nameOf(names, tag), voices: some }))
    .sort((a, b) => rank(a.tag) - rank(b.tag) || a.label.localeCompare(b.label, language))
    .map(({ label, voices: some }) => ({ label, voices: some }))
}

function nameOf(names: Intl.DisplayNames, tag: string): string {
  try {
    return names.of(tag) ?? tag
  } catch {
    return tag
  }
}

/** Return a voice as it is offered: its name, how it sounds in the editor's language, and whose it is. */
export function tellVoice(voice: Voice, language: string): string {
  const { name, provider } = voice
  const whose = wordFor('provider', provider, language) ?? provider
  return [name, soundOf(voice, language), whose].filter(Boolean).join(' · ')
}

/** What providers say is a closed set of words; another, such as of a cloned voice, stays as it is. */
function soundOf({ description, gender, name, provider }: Voice, language: string): string {
  // Who is named as a person needs no gender.
  const person = wordFor('person', description, language)
  if (person) return person
  const described =
    wordFor('sounds', description, language) ??
    (provider === offline ? languageOf(name, language) : undefined) ??
    description
  const words = [wordFor('gender', gender, language) ?? gender, described].filter(Boolean)
  return new Intl.ListFormat(language, { type: 'unit' }).format(words)
}

const offline = 'offline'

/** The offline voices are called by a tag of their language; a variant of its own has no other name. */
function languageOf(tag: string, language: string): string | undefined {
  if (tag.includes('-x-')) return undefined
  const name = formatLanguage(tag, language)
  return name === tag ? undefined : name
}

function wordFor(
  kind: 'gender' | 'person' | 'provider' | 'sounds',
  word: string,
  language: string,
): string | undefined {
  const key = `voice.${kind}.${word.replaceAll(' ', '_')}`
  return isTranslationKey(key) ? translate(language, key) : undefined
}
