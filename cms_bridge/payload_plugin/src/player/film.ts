/** What a player is told of a film: of a rendition, what everybody may know who sees the page. */

/** A rendition as Payload's Local or REST API gives it; whatever else it holds stays where it is. */
export interface PlayerRendition {
  alt?: null | string | undefined
  captionsUrl?: null | string | undefined
  chaptersUrl?: null | string | undefined
  /** Holds its size, its language, its number, and whether there is a stream. */
  file?: unknown
  posterUrl?: null | string | undefined
  streamUrl?: null | string | undefined
  transcript?: null | string | undefined
  transcriptUrl?: null | string | undefined
  url?: null | string | undefined
}

export interface PlayerFilm {
  alt: string
  /** A BCP 47 tag; empty where nobody knows. */
  language: string
  size: null | { height: number; width: number }
  captionsUrl: string
  chaptersUrl: string
  posterUrl: string
  /** Empty where no stream was made. */
  streamUrl: string
  transcriptUrl: string
  url: string
}

/** Return what is shown of a rendition; null while there is no film of it. */
export function toFilm(
  rendition: PlayerRendition,
  { base, language }: { base?: string | undefined; language?: string | undefined },
): null | PlayerFilm {
  const file = isRecord(rendition.file) ? rendition.file : {}
  if (!rendition.url) return null
  const { hasStream, height, number, width } = file
  // Another film has another address: the browser would keep showing the one before.
  const query = typeof number === 'number' ? `?number=${String(number)}` : ''
  const link = (name: keyof PlayerRendition & `${string}rl`): string => {
    const address = rendition[name]
    return address ? withBase(address, base) + query : ''
  }
  return {
    alt: rendition.alt ?? '',
    language: language ?? (typeof file.language === 'string' ? file.language : ''),
    size: isSize(width) && isSize(height) ? { height, width } : null,
    captionsUrl: link('captionsUrl'),
    chaptersUrl: link('chaptersUrl'),
    posterUrl: link('posterUrl'),
    streamUrl: hasStream === true ? link('streamUrl') : '',
    transcriptUrl: link('transcriptUrl'),
    url: link('url'),
  }
}

/** Return a link of Payload's with another origin, or as it is where none is given. */
function withBase(address: string, base: string | undefined): string {
  if (base === undefined) return address
  const { pathname, search } = new URL(address, 'http://payload.invalid')
  return base.replace(/\/+$/, '') + pathname + search
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && value > 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
