/** What an editor can choose is what the service knows: no more, and nothing left out. */
import type { Field, SelectField } from 'payload'
import { expect, test } from 'vitest'

import { renditions } from '../../src/collections/renditions.ts'
import { storyboards } from '../../src/collections/storyboards.ts'
import { writebackSchema } from '../../src/generated/writebackSchema.ts'
import { resolveSettings } from '../../src/settings.ts'
import { plugin } from '../support/constants.ts'

const settings = resolveSettings({ ...plugin, bridgeUrl: 'http://127.0.0.1:9' })
const fields = [storyboards(settings), renditions(settings)].flatMap(({ fields }) => fields)

function selects(fields: Field[]): SelectField[] {
  return fields.flatMap((field) => {
    if (field.type === 'select') return [field]
    return 'fields' in field ? selects(field.fields) : []
  })
}

test('musicMood', () => {
  const field = selects(fields).find((select) => select.name === 'musicMood')
  const values = field?.options.map((option) =>
    typeof option === 'string' ? option : option.value,
  )
  expect(values?.toSorted()).toEqual([...writebackSchema.$defs.Mood.enum, 'none'].toSorted())
})

test.for([
  ['aspectRatio', 'AspectRatio'],
  ['captions', 'CaptionStyle'],
  ['motion', 'Motion'],
  ['status', 'Status'],
  ['textStyle', 'TextStyle'],
  ['transition', 'Transition'],
] as const)('%s', ([name, definition]) => {
  const field = selects(fields).find((select) => select.name === name)
  const values = field?.options.map((option) =>
    typeof option === 'string' ? option : option.value,
  )
  expect(values?.toSorted()).toEqual(writebackSchema.$defs[definition].enum)
})
