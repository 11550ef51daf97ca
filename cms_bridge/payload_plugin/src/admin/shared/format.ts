/** Amounts, times, lengths and sizes as they are written in the editor's language. */
import { translate } from '../../translations/index.ts'

/** Return an amount of US dollars in figures; cents are told in parts where there are few. */
export function formatDollars(dollars: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: dollars > 0 && dollars < 0.1 ? 4 : 2,
  }).format(dollars)
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

/** Return seconds as minutes and seconds, `1:05`. */
export function formatLength(seconds: number): string {
  const whole = Math.round(seconds)
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, '0')}`
}

/** Return bytes in megabytes, as a reader counts them. */
export function formatBytes(bytes: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'megabyte',
    maximumFractionDigits: 1,
  }).format(bytes / 1_000_000)
}
