/** Voices as they are offered: those of the video's language first. */
import { expect, test } from 'vitest'

import { groupVoices, tellVoice } from '../../src/admin/shared/voices.ts'
import type { Voice } from '../../src/endpoints/contract.ts'

const voice = (id: string, ...languages: string[]): Voice => ({
  id,
  name: id,
  provider: 'offline',
  languages,
  gender: '',
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

test('how a voice sounds is told in the editor’s language', () => {
  const kore = {
    ...voice('Kore'),
    provider: 'gemini',
    gender: 'female',
    description: 'firm',
  }
  const told = Object.fromEntries(
    ['en', 'de-AT', 'fr', 'es', 'ar'].map((language) => [language, tellVoice(kore, language)]),
  )
  expect(told).toEqual({
    en: 'Kore · female, firm · gemini',
    'de-AT': 'Kore · weiblich, fest · gemini',
    fr: 'Kore · féminine et ferme · gemini',
    es: 'Kore · femenina y firme · gemini',
    ar: 'Kore · نسائي وحازم · gemini',
  })
})

test('a voice that is named as a person is told as one', () => {
  const wise = { ...voice('Wise_Woman'), provider: 'replicate', gender: 'female' }
  expect(tellVoice({ ...wise, description: 'wise woman' }, 'de')).toBe(
    'Wise_Woman · weise Frau · replicate',
  )
})

test('a word that is not known stays as it is, and what is not said is left out', () => {
  const cloned = { ...voice('R8_Ann'), provider: 'replicate', description: 'r8 ann' }
  expect(tellVoice(cloned, 'de')).toBe('R8_Ann · r8 ann · replicate')
  const plain = { ...voice('en_US-joe-medium'), provider: 'piper' }
  expect(tellVoice(plain, 'de')).toBe('en_US-joe-medium · piper')
  expect(tellVoice({ ...plain, gender: 'constructor' }, 'de')).toContain('constructor')
})

test('an offline voice is called by its language, in the editor’s own', () => {
  const english = { ...voice('en-gb'), description: 'English (Great Britain)' }
  expect(tellVoice(english, 'de')).toMatch(/^en-gb · .*Englisch.* · offline$/i)
  const scottish = { ...voice('en-gb-x-gbclan'), description: 'English (Lancaster)' }
  expect(tellVoice(scottish, 'fr')).toBe('en-gb-x-gbclan · English (Lancaster) · hors ligne')
})
