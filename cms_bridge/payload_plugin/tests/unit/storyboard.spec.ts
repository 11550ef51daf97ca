import { expect, test } from 'vitest'

import { anyStoryboard } from '../support/anyStoryboard.ts'
import { fromStoryboard, nameScenes, toStoryboard } from '../../src/storyboard.ts'
import { countCharacters, holdsWords } from '../../src/text.ts'
import type { StoryboardDoc } from '../../src/documents.ts'

test.for(Array.from({ length: 200 }, (_, seed) => seed))(
  'any storyboard survives the way into the document and back (%d)',
  (seed) => {
    const wire = anyStoryboard(seed)
    expect(toStoryboard({ ...fromStoryboard(wire), id: 1 } as StoryboardDoc)).toEqual(wire)
  },
)

test('a document from before a field was there has what that field was then', () => {
  const { scenes, ...board } = toStoryboard({ title: 'T', scenes: [{}] } as StoryboardDoc)
  expect(board).toMatchObject({
    captions: 'none',
    logo: null,
    disclosure: false,
    music: null,
    ingredients: [],
  })
  expect(scenes).toMatchObject([
    {
      textStyle: 'lower_third',
      transitionSeconds: null,
      transitionColour: '#000000',
      focus: { x: 0.5, y: 0.5 },
      clipSound: false,
      clip: null,
      background: null,
      caption: null,
      pictureTake: 0,
      narrationTake: 0,
      speed: null,
      pauseAfter: 0,
    },
  ])
})

test('a mood replaces a file of one’s own for as long as it is chosen', () => {
  const music = { file: 'bed.mp3', volume: -20 }
  const sent = (doc: Partial<StoryboardDoc>) =>
    toStoryboard({ title: 'T', scenes: [{}], ...doc } as StoryboardDoc).music
  const words = { prompt: '' }
  const nothing = { file: null, own: null }
  expect(sent({ music, musicMood: 'none' })).toEqual({ ...music, ...words, mood: null })
  expect(sent({ music, musicMood: 'warm' })).toEqual({
    ...music,
    ...words,
    ...nothing,
    mood: 'warm',
  })
  expect(sent({ musicMood: 'warm' })).toEqual({ ...words, ...nothing, mood: 'warm' })
  const built = { ...nothing, mood: 'tense', volume: -20 } as const
  expect(sent({ music: built, musicMood: 'none' })).toBeNull()
  expect(sent({ music: built, musicMood: 'calm' })).toEqual({ ...built, ...words, mood: 'calm' })
})

test('words for a model replace a mood and a file for as long as there are any', () => {
  const music = { file: 'bed.mp3', volume: -20 }
  const sent = (musicPrompt: string) =>
    toStoryboard({
      title: 'T',
      scenes: [{}],
      music,
      musicMood: 'warm',
      musicPrompt,
    } as StoryboardDoc).music
  expect(sent('A brass band')).toEqual({
    file: null,
    own: null,
    mood: null,
    prompt: 'A brass band',
    volume: -20,
  })
  expect(sent(' \n')).toEqual({
    file: null,
    own: null,
    mood: 'warm',
    prompt: '',
    volume: -20,
  })
})

test('a colour half written into a field that is hidden now is never sent', () => {
  const row = { transitionColour: '#12', background: { kind: 'gradient', start: '#1', end: '' } }
  const [scene] = toStoryboard({
    title: 'T',
    scenes: [row],
    palette: { background: '#111111', accent: '#222222' },
  } as StoryboardDoc).scenes
  expect(scene).toMatchObject({
    transitionColour: '#000000',
    background: { kind: 'gradient', start: '#111111', end: '#222222', angle: 90 },
  })
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
