/** What a board shows of the bridge's timeline. */
import { expect, test } from 'vitest'

import { toBoard } from '../../src/endpoints/timeline.ts'

const asset = (id: string, mediaType: string) => ({
  id,
  contentUrl: `/${id}`,
  mediaType,
  placeholder: false,
})
const at = (contentUrl: string) => `/here${contentUrl}`
const word = (text: string, start: number, end: number) => ({ text, start, end })

const scene = {
  id: 's2',
  span: { start: 4, duration: 3.5 },
  view: { kind: 'still', asset: asset('p', 'image/png') },
  narration: {
    text: 'We open. At nine.',
    asset: asset('n', 'audio/wav'),
    span: { start: 4.5 },
  },
}
const cues = [
  { sceneId: 's1', words: [word('Hello.', 0, 1)] },
  { sceneId: 's2', words: [word('We ', 4.5, 4.75), word('open.', 4.75, 5)] },
  { sceneId: 's2', words: [word('At\n', 5.5, 5.75), word('nine.', 5.75, 6)] },
]

test('words are timed from the beginning of their narration, and joined are what is said', () => {
  const board = toBoard({ scenes: [scene], captions: { cues } }, at)
  expect(board?.scenes).toEqual([
    {
      sceneId: 's2',
      seconds: 3.5,
      cast: [],
      picture: { address: '/here/p', mediaType: 'image/png', placeholder: false },
      narration: {
        address: '/here/n',
        mediaType: 'audio/wav',
        text: 'We open. At nine.',
        words: [
          word('We ', 0, 0.25),
          word('open. ', 0.25, 0.5),
          word('At\n', 1, 1.25),
          word('nine. ', 1.25, 1.5),
        ],
      },
    },
  ])
})

test('captions with words of their own light nothing', () => {
  const own = [{ sceneId: 's2', words: [word('Opening hours', 4.5, 6)] }]
  const [told] = toBoard({ scenes: [scene], captions: { cues: own } }, at)?.scenes ?? []
  expect(told?.narration).toMatchObject({ text: 'We open. At nine.', words: [] })
})

test('what is not made yet is nothing', () => {
  const unmade = {
    ...scene,
    view: { kind: 'solid' },
    narration: { ...scene.narration, asset: null },
  }
  const [told] = toBoard({ scenes: [unmade], captions: { cues } }, at)?.scenes ?? []
  expect(told).toMatchObject({ picture: null, narration: null })
})

test('whom a scene shows is told by name, with the first picture that the library has of each', () => {
  const upload = { kind: 'upload', assetId: '2b1c9b7e-9d0c-4a51-8a43-0d5b4c5b7a11' } as const
  const file = {
    kind: 'cms',
    collection: 'media',
    document: '7',
    name: 'Mira & Öl.png',
    version: '1',
  } as const
  const cast = [
    { name: 'Mira', references: [upload, file] },
    { name: 'the mill', kind: 'place', references: [upload] },
    { name: 'Tom', references: [file] },
  ] as const
  const named = { ...scene, cast: ['the mill', 'Mira', 'nobody'] }
  const [told] = toBoard({ scenes: [named] }, at, cast as never)?.scenes ?? []
  expect(told?.cast).toEqual([
    { name: 'Mira', kind: 'person', picture: '/media/file/Mira%20%26%20%C3%96l.png' },
    { name: 'the mill', kind: 'place', picture: null },
  ])
})

test.for([null, [], {}, { scenes: 5 }])('%j is no timeline', (body) => {
  expect(toBoard(body, at)).toBeNull()
})
