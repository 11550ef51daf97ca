/**
 * Scenes that an editor has locked: they stay as they are, where they are, until they are unlocked.
 *
 * The lock is the CMS's own and is not sent: what the service makes of a scene stays as long as
 * nothing of the scene changes.
 */
import { isDeepStrictEqual } from 'node:util'

import { idOf, type MediaChoice, type SceneRow, type StoryboardDoc } from './documents.ts'
import { toStoryboard } from './storyboard.ts'
import type { TranslationKey } from './translations/index.ts'

type Rows = readonly SceneRow[]

/** What a save does to a scene that stays locked; its number counts from 1. */
export interface LockBreach {
  key: TranslationKey & `invalid.locked.${string}`
  number: number
}

/**
 * Return what a save may not do to a storyboard's locked scenes; null where it leaves them be.
 *
 * A scene that the same save unlocks may be changed by it. One keeps its place among those that
 * there were: others may come and go before it, and none is put past it.
 */
export function findBreach(before: StoryboardDoc, after: Rows): LockBreach | null {
  const rows = before.scenes ?? []
  const saved = new Map(after.map((row) => [row.sceneId, row]))
  const stood = rows.map(({ sceneId }) => sceneId).filter((id) => saved.has(id))
  const stands = after.map(({ sceneId }) => sceneId).filter((id) => stood.includes(id))
  for (const [index, row] of rows.entries()) {
    if (!row.locked) continue
    const number = index + 1
    const now = saved.get(row.sceneId)
    if (!now) return { key: 'invalid.locked.removed', number }
    if (!now.locked) continue
    if (!isDeepStrictEqual(contentOf(before, now), contentOf(before, row))) {
      return { key: 'invalid.locked.changed', number }
    }
    if (stands.indexOf(row.sceneId) !== stood.indexOf(row.sceneId)) {
      return { key: 'invalid.locked.moved', number }
    }
  }
  return null
}

/** Return what is filmed of a scene, and the documents that were chosen for it. */
function contentOf(storyboard: StoryboardDoc, row: SceneRow): unknown {
  const choices = [row.picture, row.clipFile, row.narrationFile].map(choiceOf)
  return [toStoryboard({ ...storyboard, scenes: [row] }).scenes, choices]
}

const choiceOf = (choice: MediaChoice | undefined): null | string =>
  choice ? `${choice.relationTo} ${String(idOf(choice.value))}` : null

/**
 * Return the rows with their locks as somebody wants them, and otherwise as they are now.
 *
 * A form posts a lock that it read long ago as it posts everything; what it has seen and what it
 * wants are then the same.
 */
export function settleLocks(before: Rows, after: Rows): SceneRow[] {
  const standing = new Map(before.map((row) => [row.id, row]))
  return after.map(({ lockedSeen, ...row }) => {
    const now = row.id ? standing.get(row.id) : undefined
    const isMeant = typeof lockedSeen !== 'boolean' || lockedSeen !== Boolean(row.locked)
    return isMeant || !now ? row : { ...row, locked: now.locked ?? false }
  })
}

/** Return the rows with each locked one as it was; a file that was exchanged since is not another. */
export function withLocked(before: Rows, after: Rows): SceneRow[] {
  const locked = new Map(
    before.filter((row) => row.locked).map((row): [unknown, SceneRow] => [row.sceneId, row]),
  )
  return after.map((row) => {
    const was = row.locked ? locked.get(row.sceneId) : undefined
    return was ? { ...was, id: row.id ?? was.id ?? null } : row
  })
}

/** Return the scenes of an old version, with those that are locked now as they are. */
export function restoreLocked(before: Rows, version: Rows): SceneRow[] {
  const unlocked = version.map((row) => {
    const was = before.find(({ locked, sceneId }) => locked && sceneId === row.sceneId)
    return was ?? { ...row, locked: false }
  })
  return before.reduce<SceneRow[]>(
    (rows, row, index) =>
      row.locked && !rows.includes(row) ? rows.toSpliced(index, 0, row) : rows,
    unlocked,
  )
}

/**
 * Return the scenes of another draft of a film, with those that are locked in the one before.
 *
 * Each stands where the draft says the same words, or else has the same number; past the last it is
 * added, as long as there are not too many.
 */
export function carryLocked(before: Rows, drafted: Rows, most: number): SceneRow[] {
  const kept = before.filter(({ locked }) => locked)
  const places = new Map<number, SceneRow>()
  const free = (index: number): boolean => index < drafted.length && !places.has(index)
  const left = kept.filter((row) => {
    const words = wordsOf(row)
    const place = drafted.findIndex((other, at) => free(at) && words && wordsOf(other) === words)
    if (place >= 0) places.set(place, row)
    return place < 0
  })
  const added: SceneRow[] = []
  for (const row of left) {
    const number = before.indexOf(row)
    const isRoom = drafted.length + added.length < most
    if (free(number)) places.set(number, row)
    else if (isRoom) added.push(row)
    else
      places.set(
        drafted.findLastIndex((_, at) => free(at)),
        row,
      )
  }
  const names = new Set(kept.map(({ sceneId }) => sceneId))
  const rows = drafted.map((row, at): SceneRow => {
    // A drafted scene may be called as one that is kept; it gets a name of its own.
    const sceneId = names.has(row.sceneId) ? null : (row.sceneId ?? null)
    return places.get(at) ?? { ...row, locked: false, sceneId }
  })
  const isKept = (row: SceneRow): boolean => kept.includes(row)
  return [...rows, ...added].map((row) => (isKept(row) ? { ...row, id: null } : row))
}

const wordsOf = ({ narration }: SceneRow): string => (narration ?? '').replace(/\s+/gu, ' ').trim()
