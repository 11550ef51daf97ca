/** Text as the engine counts and judges it. */

/** Return the number of characters as Python counts them: code points, not UTF-16 units. */
export function countCharacters(text: string): number {
  return Array.from(text).length
}

/** Tell whether anything is left to say once control characters and white space are gone. */
export function holdsWords(text: null | string | undefined): boolean {
  return (text ?? '').replace(/[\p{Cc}\p{Cs}]/gu, '').trim() !== ''
}

/** Return the text without NUL, which PostgreSQL cannot store. */
export function withoutNul<T>(value: T): T | string {
  return typeof value === 'string' ? value.replaceAll('\u0000', '') : value
}

/** Tell whether a text is a colour as `#rrggbb`. */
export function isColour(value: unknown): value is string {
  return typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
}

/** Tell whether a text is a language tag, such as `en` or `pt-BR`. */
export function isLanguageTag(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/.test(value)
}
