/** Locked scenes: what a save may do to them, and how they stand in another draft. */
import { expect, test } from 'vitest'
import type { SceneRow, StoryboardDoc } from 'payload-plugin-reelwright'

import { carryLocked, findBreach, restoreLocked } from '../../src/scenes.ts'

const row = (sceneId: string, change: Partial<SceneRow> = {}): SceneRow => ({
  sceneId,
  narration: `Words of ${sceneId}.`,
  ...change,
})
const one = row('one')
const two = row('two', { locked: true })
const three = row('three')
const storyboard = { id: 1, title: 'Film', scenes: [one, two, three] } as unknown as StoryboardDoc

const idsOf = (rows: SceneRow[]): unknown[] => rows.map(({ sceneId }) => sceneId)

test('a locked scene is neither changed nor removed', () => {
  const louder = { ...two, narration: 'Louder.' }
  expect(findBreach(storyboard, [one, louder, three])).toEqual({
    ...{ key: 'invalid.locked.changed', number: 2 },
  })
  expect(findBreach(storyboard, [one, { ...two, pictureTake: 1 }, three])?.number).toBe(2)
  const picture = { relationTo: 'media', value: 7 }
  expect(findBreach(storyboard, [one, { ...two, picture }, three])?.number).toBe(2)
  expect(findBreach(storyboard, [one, three])).toEqual({
    ...{ key: 'invalid.locked.removed', number: 2 },
  })
  expect(findBreach(storyboard, [{ ...one, narration: 'Louder.' }, two, three])).toBeNull()
})

test('it keeps its place among the others, which may come and go', () => {
  const moved = { key: 'invalid.locked.moved', number: 2 }
  expect(findBreach(storyboard, [two, one, three])).toEqual(moved)
  expect(findBreach(storyboard, [one, three, two])).toEqual(moved)
  expect(findBreach(storyboard, [three, two, one])).toBeNull()
  expect(findBreach(storyboard, [two, three])).toBeNull()
  expect(findBreach(storyboard, [row('new'), one, row('newer'), two])).toBeNull()
})

test('a save that unlocks it may do as it likes', () => {
  const unlocked = { ...two, locked: false, narration: 'Louder.' }
  expect(findBreach(storyboard, [unlocked, one, three])).toBeNull()
})

const drafted = ['s1', 's2', 's3'].map((id) => row(id))
const most = 60

test('in another draft it stands where its words do, else where it stood', () => {
  const same = { ...two, narration: 'Words  of s3. ' }
  const byWords = carryLocked([one, same, three], drafted, most)
  expect(idsOf(byWords)).toEqual(['s1', 's2', 'two'])
  const byNumber = carryLocked([one, two, three], drafted, most)
  expect(idsOf(byNumber)).toEqual(['s1', 'two', 's3'])
  expect(byNumber[1]).toMatchObject({ locked: true, narration: 'Words of two.', id: null })
})

test('a draft of fewer scenes is made longer by it, where there is room', () => {
  const late = [one, three, two]
  expect(idsOf(carryLocked(late, drafted.slice(0, 2), most))).toEqual([...['s1', 's2', 'two']])
  expect(idsOf(carryLocked(late, drafted.slice(0, 2), 2))).toEqual([...['s1', 'two']])
})

test('a drafted scene that is called as it is gets another name', () => {
  const named = row('s1', { locked: true })
  const rows = carryLocked([one, named], drafted, most)
  expect(idsOf(rows)).toEqual(['s1', 's2', 's3'])
  const late = carryLocked(
    [one, two, row('s2', { locked: true, narration: 'Else.' })],
    drafted,
    most,
  )
  expect(idsOf(late)).toEqual(['s1', 'two', 's2'])
})

test('an old version has it as it is now, also where it was not there yet', () => {
  const old = [row('one', { narration: 'Old.', locked: true }), row('two', { narration: 'Old.' })]
  const rows = restoreLocked([one, two, three], old)
  expect(rows.map(({ narration }) => narration)).toEqual(['Old.', 'Words of two.'])
  expect(rows.map(({ locked }) => locked)).toEqual([false, true])
  expect(idsOf(restoreLocked([one, two, three], [one, three]))).toEqual(['one', 'two', 'three'])
})
