/** Voices as they are offered: those of the video's language first. */
import { expect, test } from 'vitest'

import { groupVoices } from '../../src/admin/shared/voices.ts'
import type { Voice } from '../../src/endpoints/contract.ts'

const voice = (id: string, ...languages: string[]): Voice => ({
  id,
  name: id,
  provider: 'offline',
  languages,
  description: '',
  sampleUrl: null,
  samplePrice: '0',
})

test('voices are grouped by language, the video’s own first, then those that speak every one', () => {
  const voices = [
    voice('kore'),
    voice('anna', 'de', 'de-at'),
    voice('joe', 'en-us'),
    voice('ines', 'fr'),
    voice('both', 'de', 'en'),
  ]
  expect(
    groupVoices(voices, { locale: 'de-CH', language: 'en' }).map(({ label, voices: some }) => [
      label,
      some.map(({ id }) => id),
    ]),
  ).toEqual([
    ['German', ['anna', 'both']],
    ['', ['kore']],
    ['English', ['joe', 'both']],
    ['French', ['ines']],
  ])
})

test('languages are named in the admin’s own, and one without a name by its tag', () => {
  const voices = [voice('a', 'en'), voice('b', 'qq')]
  expect(groupVoices(voices, { locale: '', language: 'de' }).map(({ label }) => label)).toEqual([
    'Englisch',
    'qq',
  ])
  expect(groupVoices([], { locale: 'de', language: 'de' })).toEqual([])
})
