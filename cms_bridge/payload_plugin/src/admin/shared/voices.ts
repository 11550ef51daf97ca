/** Voices as they are listed to choose from. */
import type { Voice } from '../../endpoints/contract.ts'

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
