/** Amounts, times, lengths and sizes as they are written in the editor's language. */
import type { Line } from '../../endpoints/contract.ts'
import { translate } from '../../translations/index.ts'

export { formatLength } from '../../player/length.ts'

/** Return an amount of US dollars in figures; cents are told in parts where there are few. */
export function formatDollars(dollars: number, language: string): string {
  const written = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: dollars > 0 && dollars < 0.1 ? 4 : 2,
  }).format(dollars)
  // Among words from right to left `US$` would be read from its end: the amount stands apart.
  return written.includes('\u200f') ? `\u2066${written.replaceAll('\u200f', '')}\u2069` : written
}

/** Return a usual and a highest price in figures; null where nothing costs anything. */
export function formatRange(usual: string, most: string, language: string): null | string {
  if (!(Number(most) > 0)) return null
  const highest = formatDollars(Number(most), language)
  const normal = formatDollars(Number(usual), language)
  return normal === highest
    ? highest
    : translate(language, 'price.range', { usual: normal, most: highest })
}

/** Return a point in time as a reader of an account's statement looks for it. */
export function formatTime(time: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(time),
  )
}

/** Return bytes in megabytes, as a reader counts them. */
export function formatBytes(bytes: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'megabyte',
    maximumFractionDigits: 1,
  }).format(bytes / 1_000_000)
}

const minute = 60_000
/** Minutes from which hours are told: nobody counts more of them. */
const longest = 90

/** Return how far off a moment is, "in 4 minutes"; at least one minute, since it is a guess. */
function formatWait(until: number, now: number, language: string): string {
  const minutes = Math.max(1, Math.round((until - now) / minute))
  const format = new Intl.RelativeTimeFormat(language)
  return minutes < longest
    ? format.format(minutes, 'minute')
    : format.format(Math.round(minutes / 60), 'hour')
}

/** Return a place in line in words; null of what stands in none. */
export function formatPlace(
  { place, startsAt }: Line,
  now: number,
  language: string,
): null | string {
  if (place === null) return null
  if (startsAt === null) return translate(language, 'panel.line', { place })
  const when = formatWait(Date.parse(startsAt), now, language)
  return translate(language, 'panel.line.starts', { place, when })
}

/** Return what a language is called in the editor's own; its code where it has no name. */
export function formatLanguage(locale: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(locale) ?? locale
  } catch {
    return locale
  }
}
