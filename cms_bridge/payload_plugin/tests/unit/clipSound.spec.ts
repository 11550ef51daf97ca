/** A clip's own sound: its box stands where there is a clip, and only the box asks for it. */
import type { Field } from 'payload'
import { expect, test } from 'vitest'

import { scenesField } from '../../src/collections/scenes.ts'
import type { StoryboardDoc } from '../../src/documents.ts'
import type { Limits } from '../../src/options.ts'
import { toStoryboard } from '../../src/storyboard.ts'

test.for([
  [{ motion: 'generated' }, true],
  [{ motion: 'zoom_in' }, false],
  [{ motion: 'still', clipFile: { relationTo: 'media', value: 7 } }, true],
  [{ motion: 'still', clip: { own: { kind: 'cms', document: '7' } } }, true],
  [{ motion: 'still', clip: null }, false],
  [{ motion: 'generated', locked: true }, false],
] as const)('of %o its box is there: %s', ([row, there]) => {
  const { fields } = scenesField({ limits: { maxSceneChars: 9 } as Limits, media: ['media'] })
  const box = fields.find((field: Field) => 'name' in field && field.name === 'clipSound')
  const path = { blockData: {}, operation: 'update', path: [], user: null } as never
  expect(box?.admin?.condition?.({}, row, path)).toBe(there)
})

test('it is sent as it is ticked, and not where it never was', () => {
  const scenes = [{ motion: 'generated', clipSound: true }, { motion: 'generated' }, {}]
  const sent = toStoryboard({ title: 'T', scenes } as StoryboardDoc).scenes
  expect(sent.map(({ clipSound }) => clipSound)).toEqual([true, false, false])
})
