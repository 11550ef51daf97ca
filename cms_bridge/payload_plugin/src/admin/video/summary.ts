/** A video's films of several languages in one short line: pure, so that it can be read off a table. */
import type { Status } from '../../generated/events.ts'
import { translate } from '../../translations/index.ts'
import { formatLanguage } from '../shared/format.ts'

export interface FilmStanding {
  locale: string
  /** Nothing where the service has written nothing yet. */
  status: null | Status
  /** The same for an editor. */
  words: string
}

/** As many are told one by one; of more, how many are finished. */
const mostNamed = 2

/** Return each film with its language. */
export function tellEach(films: readonly FilmStanding[], language: string): string {
  const each = films.map(({ locale, words: status }) =>
    translate(language, 'films.one', { language: formatLanguage(locale, language), status }),
  )
  return new Intl.ListFormat(language, { type: 'unit' }).format(each)
}

/** Return how the films stand, in as few words as tell what somebody has to do. */
export function tellFilms(films: readonly FilmStanding[], language: string): string {
  if (films.length <= mostNamed) return tellEach(films, language)
  const count = (of: Status): number => films.filter(({ status }) => status === of).length
  const [done, waiting, failed] = [
    count('completed'),
    count('storyboard_complete'),
    count('failed'),
  ]
  const parts = [translate(language, 'films.finished', { done, total: films.length })]
  if (waiting > 0) parts.push(translate(language, 'films.waiting', { count: waiting }))
  if (failed > 0) parts.push(translate(language, 'films.failed', { count: failed }))
  return new Intl.ListFormat(language, { type: 'unit' }).format(parts)
}

/** Return the one status that decides the colour: what wants somebody comes first. */
export function foremost(films: readonly FilmStanding[]): null | Status {
  const wants = (['failed', 'storyboard_complete'] as const).find((status) =>
    films.some((film) => film.status === status),
  )
  return wants ?? (films.every(({ status }) => status === 'completed') ? 'completed' : null)
}
