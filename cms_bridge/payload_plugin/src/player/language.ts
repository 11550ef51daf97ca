/** What a page has to know of the language of a film. */

/** Scripts that are written from right to left, by their subtags. */
const rightToLeftScripts = ['adlm', 'arab', 'aran', 'hebr', 'mand', 'nkoo', 'rohg', 'syrc', 'thaa']

/** Languages that usually are written in one of them. */
const rightToLeftLanguages = [
  ...['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ks', 'nqo', 'pa-pk'],
  ...['ps', 'sd', 'syr', 'ug', 'ur', 'yi'],
]

/**
 * Return which way a language is written.
 *
 * By lists and not by `Intl.Locale`, of which server and browser may know more or less: what they
 * render has to be the same.
 */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  const [language = '', ...rest] = tag.toLowerCase().split(/[-_]/)
  const script = rest.find((part) => /^[a-z]{4}$/.test(part))
  if (script) return rightToLeftScripts.includes(script) ? 'rtl' : 'ltr'
  const isRightToLeft = [language, `${language}-${rest[0] ?? ''}`].some((name) =>
    rightToLeftLanguages.includes(name),
  )
  return isRightToLeft ? 'rtl' : 'ltr'
}

/** Return a tag as HTML knows it: some write `pt_BR`. */
export function toTag(tag: string): string {
  return tag.replaceAll('_', '-')
}
