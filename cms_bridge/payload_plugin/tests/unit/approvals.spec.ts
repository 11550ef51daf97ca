/** What an approval of a scene is bound to. */
import { expect, test } from 'vitest'

import { digestOf, nameNumbers, sceneDigests } from '../../src/approvals.ts'
import type { Storyboard } from '../../src/generated/events.ts'
import { anyStoryboard } from '../support/anyStoryboard.ts'

const made = anyStoryboard(7)
const storyboard = {
  ...made,
  scenes: made.scenes.map((one, at) => ({ ...one, id: `s${String(at)}` })),
}

/** Return a value that is another than the one given, of the same kind. */
function another(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return value + 1
    case 'string':
      return `${value}x`
    case 'boolean':
      return !value
    default:
      return { another: value }
  }
}

const changed = (change: Partial<Storyboard>): string[] => {
  const before = sceneDigests(storyboard)
  const after = sceneDigests({ ...storyboard, ...change })
  return [...before].filter(([id, digest]) => after.get(id) !== digest).map(([id]) => id)
}

const ids = storyboard.scenes.map(({ id }) => id)

test('is everything of its scene, and nothing of another', () => {
  const [first, ...others] = storyboard.scenes
  if (!first) throw new Error('The sample has no scene.')
  for (const [name, value] of Object.entries(first)) {
    if (name === 'id') continue
    const scene = { ...first, [name]: another(value) }
    expect(changed({ scenes: [scene, ...others] }), name).toEqual([first.id])
  }
  expect(changed({ scenes: storyboard.scenes.toReversed() })).toEqual([])
})

test('is everything of the whole film but its title and its music', () => {
  for (const [name, value] of Object.entries(storyboard)) {
    if (name === 'scenes') continue
    const voids = name === 'title' || name === 'music' ? [] : ids
    expect(changed({ [name]: another(value) }), name).toEqual(voids)
  }
})

test('does not depend on the order in which a database keeps its keys', () => {
  expect(digestOf({ a: 1, b: [{ c: null, d: 'x' }] })).toBe(
    digestOf({ b: [{ d: 'x', c: null }], a: 1 }),
  )
  // What a storyboard gains later is not set in those that were approved before.
  expect(digestOf({ a: 1, b: false, c: null, d: '', e: [] })).toBe(digestOf({ a: 1 }))
  expect(digestOf({ a: 1, b: true })).not.toBe(digestOf({ a: 1 }))
  expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: '1' }))
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]))
})

test('scenes are named one by one, and the rest of many is counted', () => {
  const more = (count: number): string => `${String(count)} more`
  expect(nameNumbers([2, 4], 'en', more)).toBe('2 and 4')
  const many = Array.from({ length: 13 }, (_, index) => index + 1)
  expect(nameNumbers(many, 'en', more)).toBe('1, 2, 3, 4, 5, 6, 7, 8, 9, 10, and 3 more')
})
