import { expect, test } from 'vitest'

import { fromStoryboard, nameScenes, toStoryboard } from '../src/storyboard.ts'
import { countCharacters, holdsWords } from '../src/text.ts'
import type { StoryboardDoc } from '../src/types.ts'

const wire = {
  title: 'T',
  scenes: [
    {
      id: 's1',
      narration: 'N',
      picturePrompt: 'P',
      onScreenText: 'O',
      duration: null,
      motion: 'pan_up' as const,
      transition: 'cut' as const,
    },
  ],
  locale: 'ar',
  aspectRatio: '9:16' as const,
  style: 'S',
  voice: 'V',
  palette: { background: '#000000', foreground: '#ffffff', accent: '#ff0000' },
}

test('a storyboard survives the way into the document and back', () => {
  const document = { ...fromStoryboard(wire), id: 1 } as StoryboardDoc
  expect(toStoryboard(document)).toEqual(wire)
})

test('scenes keep their ids through reordering; copies and new ones get their own', () => {
  const named = nameScenes([{ sceneId: 'b' }, { sceneId: 'a' }, { sceneId: 'b' }, {}])
  expect(named.slice(0, 2)).toEqual([{ sceneId: 'b' }, { sceneId: 'a' }])
  expect(new Set(named.map(({ sceneId }) => sceneId)).size).toBe(4)
})

test.for([
  ['', false],
  [' \n\t\u0000\u0007', false],
  ['\u00a0\u2003', false],
  ['a', true],
  ['你好', true],
  ['🎬', true],
] as const)('%j holds words: %s', ([text, expected]) => {
  expect(holdsWords(text)).toBe(expected)
})

test('characters are counted as Python counts them', () => {
  expect(['é', '👋🏽', '你好'].map(countCharacters)).toEqual([1, 2, 2])
})
