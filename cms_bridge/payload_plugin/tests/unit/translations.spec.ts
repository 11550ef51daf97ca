import { expect, test } from 'vitest'

import { ar } from '../../src/translations/ar.ts'
import { de } from '../../src/translations/de.ts'
import { en } from '../../src/translations/en.ts'
import { es } from '../../src/translations/es.ts'
import { fr } from '../../src/translations/fr.ts'
import { type TranslationKey, translate, labels } from '../../src/translations/index.ts'

const placeholders = (sentence: string): string[] => sentence.match(/\{\w+\}/g)?.toSorted() ?? []

test.for(Object.entries({ ar, de, es, fr }))(
  '%s says everything, with the same values',
  ([, table]) => {
    for (const [key, sentence] of Object.entries(en)) {
      const translated = table[key as TranslationKey]
      expect(translated.trim(), key).not.toBe('')
      expect(placeholders(translated), key).toEqual(placeholders(sentence))
    }
  },
)

const refusals = [
  'hold',
  'hold.placeholders',
  'hold.unknownCharges',
  'hold.help',
  'invalid.changedSince',
  'invalid.inTrash',
  'invalid.projectInUse',
  'invalid.unapproved',
  'invalid.locked.changed',
  'invalid.locked.removed',
  'invalid.locked.moved',
  'quoted',
  'quoted.inTrash',
  'andMore',
  'error.scene_changed',
  'error.empty_script',
] as const

test.for(Object.entries({ ar, de, en, es, fr }))('%s refuses without a colon', ([, table]) => {
  // Payload makes a list of what stands after one, with an item for each comma.
  expect(refusals.map((key) => table[key]).filter((words) => /[:：]/.test(words))).toEqual([])
})

test('values are set in, numbers as the language writes them', () => {
  const params = { limit: 40_000, value: 40_001 }
  expect(translate('en', 'invalid.tooLong', params)).toBe(
    'At most 40,000 characters; this is 40,001.',
  )
  expect(translate('de-AT', 'invalid.tooLong', params)).toMatch(/^Höchstens 40.000 Zeichen/)
})

test('another language falls back to English', () => {
  expect(translate('pl', 'action.approve')).toBe('Approve')
})

test('words go with their number, in the forms that the language has', () => {
  const scenes = (language: string, total: number): string =>
    translate(language, 'panel.scenesDone', { done: 0, total })
  expect([1, 2].map((total) => scenes('de', total).split(' ').at(-1))).toEqual(['Szene', 'Szenen'])
  expect([1, 2, 3, 11, 100].map((total) => scenes('ar', total).split(' ').at(-1))).toEqual([
    'مشهد',
    'مشهدين',
    'مشاهد',
    'مشهدًا',
    'مشهد',
  ])
})

test('a label has every language', () => {
  expect(labels('scene')).toEqual({
    ar: 'المشهد',
    de: 'Szene',
    en: 'Scene',
    es: 'Escena',
    fr: 'Scène',
  })
})
