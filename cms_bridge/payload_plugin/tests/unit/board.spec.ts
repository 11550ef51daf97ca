/** What a board says of its scenes. */
import type { Price, ScenePrice, SceneRow } from 'payload-plugin-reelwright'
import { describe, expect, test } from 'vitest'

import {
  changeOf,
  colourOf,
  formatMotionPrice,
  formatScenePrice,
  editOf,
  inOrder,
  moved,
  stillOf,
  withEdits,
  withNew,
  withNote,
  without,
  wordAt,
} from '../../src/admin/board/model.ts'

test.for([
  [0, 0],
  [0.49, 0],
  [0.5, -1],
  [1, 1],
  [2, -1],
] as const)('at %f seconds word %i is lit', ([seconds, index]) => {
  const words = [
    { text: 'We ', start: 0, end: 0.5 },
    { text: 'open.', start: 1, end: 2 },
  ]
  expect(wordAt(words, seconds)).toBe(index)
})

test.for([
  ['A door', 'at dusk', 'A door. at dusk'],
  ['A door.', ' At dusk. ', 'A door. At dusk.'],
  ['一扇门。', '黄昏', '一扇门。 黄昏'],
  ['', 'At dusk', 'At dusk'],
  ['A door ', '  ', 'A door'],
] as const)('%j with the note %j is %j', ([prompt, note, wanted]) => {
  expect(withNote(prompt, note)).toBe(wanted)
})

test.for([
  [0, 2, 'bca'],
  [2, 0, 'cab'],
  [1, 1, 'abc'],
] as const)('from %i to %i', ([from, to, wanted]) => {
  expect(moved(['a', 'b', 'c'], from, to).join('')).toBe(wanted)
})

describe('a save outside of the form', () => {
  const rows: SceneRow[] = [{ id: 'a', narration: 'One.' }, { id: 'b' }, { id: 'c' }]

  test('tells of one scene, and names the others', () => {
    const told = withEdits(rows, new Map([['b', { change: { narration: 'Two.' }, read: {} }]]))
    expect(told).toEqual([{ id: 'a' }, { id: 'b', narration: 'Two.' }, { id: 'c' }])
  })

  test('writes over nothing that others have written since it was read', () => {
    const read = { narration: 'One.', onScreenText: '' }
    const words = editOf(read, { narration: 'One.', onScreenText: 'At six' })
    expect(words).toEqual({ change: { onScreenText: 'At six' }, read: { onScreenText: '' } })
    const others: SceneRow[] = [{ id: 'a', narration: 'Uno.' }, { id: 'b' }]
    expect(withEdits(others, new Map([['a', words]]))).toEqual([
      { id: 'a', onScreenText: 'At six' },
      { id: 'b' },
    ])
    const stale = editOf(read, { narration: 'Two.' })
    expect(withEdits(others, new Map([['a', stale]]))).toBeNull()
    expect(withEdits(others, new Map([['gone', words]]))).toBeNull()
  })

  test('adds a scene at the end, and names the others', () => {
    const scene = { narration: 'Three.', duration: 4.5 }
    expect(withNew(rows, scene)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }, scene])
  })

  test('removes a scene, unless others have', () => {
    expect(without(rows, 'b')).toEqual([{ id: 'a' }, { id: 'c' }])
    expect(without(rows, 'gone')).toBeNull()
  })

  test('changes a length that was as long as the narration', () => {
    const edit = editOf({ duration: null }, { duration: 4.5 })
    expect(withEdits(rows, new Map([['b', edit]]))?.[1]).toEqual({ id: 'b', duration: 4.5 })
    const others: SceneRow[] = [{ id: 'b', duration: 3 }]
    expect(withEdits(others, new Map([['b', edit]]))).toBeNull()
  })

  test('holds nothing of a scene that others have removed', () => {
    const typed = new Map([
      ['a', 'Uno.'],
      ['gone', 'Two.'],
    ])
    expect([...stillOf(typed, rows)]).toEqual([['a', 'Uno.']])
    const still = new Map([['a', 'Uno.']])
    expect(stillOf(still, rows)).toBe(still)
  })

  test('keeps a scene that came while others changed places', () => {
    expect(inOrder(rows, ['b', 'a'])).toEqual([{ id: 'b' }, { id: 'a' }, { id: 'c' }])
  })
})

test('a change is shown on its own card, and that of a removed scene on none', () => {
  const changes = [
    { number: 1, change: 'removed', parts: [] },
    { number: null, change: 'edited', parts: ['music'] },
    { number: 2, change: 'moved', parts: [] },
  ] as Price['changes']
  const price = { changes } as unknown as Price
  expect([1, 2, 3].map((number) => changeOf(price, number)?.change)).toEqual([
    undefined,
    'moved',
    undefined,
  ])
})

test.for([
  [{ due: '0.140000', usualDue: '0.050000' }, 'usually $0.05, at most $0.14'],
  [{ due: '0.140000', usualDue: '0.140000' }, '$0.14'],
  [{ due: '0.000000', usualDue: '0.000000' }, null],
  [undefined, null],
] as const)('%j costs %j', ([price, wanted]) => {
  expect(formatScenePrice(price as ScenePrice | undefined, 'en')).toBe(wanted)
})

test.for([
  [{ clipDue: '0.140000', usualClipDue: '0.120000' }, 'usually $0.12, at most $0.14'],
  [{ clipDue: '0.000000', usualClipDue: '0.000000' }, null],
  [undefined, null],
] as const)('the motion of %j costs %j', ([price, wanted]) => {
  expect(formatMotionPrice(price as ScenePrice | undefined, 'en')).toBe(wanted)
})

test.for([
  [{ kind: 'picture' }, null],
  [{ kind: 'solid', colour: '#123456' }, '#123456'],
  [{ kind: 'solid' }, '#000001'],
  [{ kind: 'gradient', end: '#ffffff' }, 'linear-gradient(90deg, #000001, #ffffff)'],
] as const)('%j is seen as %j', ([background, wanted]) => {
  expect(colourOf(background, { background: '#000001', accent: '#000002' })).toBe(wanted)
})
