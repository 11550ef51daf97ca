/** How the films of a video are told in a list's cell. */
import type { Status } from 'payload-plugin-reelwright'
import { expect, test } from 'vitest'

import { type FilmStanding, foremost, tellEach, tellFilms } from '../../src/admin/video/summary.ts'

const words: Partial<Record<Status, string>> = {
  completed: 'Finished',
  failed: 'Failed',
  storyboard_complete: 'Waiting for approval',
}
const film = (locale: string, status: null | Status): FilmStanding => ({
  locale,
  status,
  words: (status && words[status]) ?? 'Submitted',
})

test('two films are told one by one', () => {
  const films = [film('de', 'completed'), film('fr', 'storyboard_complete')]
  expect(tellFilms(films, 'en')).toBe('German: Finished, French: Waiting for approval')
  expect(tellFilms([film('fr', null)], 'en')).toBe('French: Submitted')
})

test('more are counted, and what wants somebody is told with them', () => {
  const films = [film('en', 'completed'), film('de', 'completed'), film('fr', 'generating')]
  expect(tellFilms(films, 'en')).toBe('2 of 3 finished')
  expect(tellFilms(films, 'de')).toBe('2 von 3 fertig')
  const waiting = [...films, film('ar', 'storyboard_complete'), film('es', 'failed')]
  expect(tellFilms(waiting, 'en')).toBe('2 of 5 finished, 1 waiting for approval, 1 failed')
  expect(tellEach(films.slice(1), 'en')).toBe('German: Finished, French: Submitted')
})

test('the colour is that of what wants somebody, and of a finish that all have come to', () => {
  const done = film('en', 'completed')
  expect(foremost([done, film('de', 'completed')])).toBe('completed')
  expect(foremost([done, film('de', 'storyboard_complete')])).toBe('storyboard_complete')
  expect(foremost([film('de', 'storyboard_complete'), film('fr', 'failed')])).toBe('failed')
  expect(foremost([done, film('de', null)])).toBeNull()
})
