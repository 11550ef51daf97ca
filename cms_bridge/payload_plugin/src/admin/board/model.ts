/** What a board says of its scenes: pure, so that it can be read off a table. */
import type { BackgroundRow, SceneRow, StoryboardDoc } from '../../documents.ts'
import type {
  Board,
  BoardScene,
  Change,
  Price,
  ScenePrice,
  SceneStanding,
  SpokenWord,
} from '../../endpoints/contract.ts'
import type { Palette } from '../../generated/events.ts'
import { formatRange } from '../shared/format.ts'

/** Return the index of the word that is said at a time; -1 before the first and in pauses. */
export function wordAt(words: readonly SpokenWord[], seconds: number): number {
  return words.findIndex(({ end, start }) => start <= seconds && seconds < end)
}

/** Return a prompt with what somebody wants otherwise. */
export function withNote(prompt: string, note: string): string {
  const sentence = prompt.trim()
  const wish = note.trim()
  if (!wish || !sentence) return sentence || wish
  return `${sentence}${/[.!?。！？؟]$/.test(sentence) ? '' : '.'} ${wish}`
}

/** Return a list with one of its items elsewhere. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from)
  return [...rest.slice(0, to), ...items.slice(from, from + 1), ...rest.slice(to)]
}

/** Return what is made of a scene; nothing of one that was never saved. */
export function madeOf(board: Board | null, sceneId: null | string | undefined): BoardScene | null {
  return board?.scenes.find((scene) => scene.sceneId === sceneId) ?? null
}

/** Return what differs in a scene, numbered from 1, since the film; one that is gone has no card. */
export function changeOf(price: null | Price, number: number): Change | null {
  const told = price?.changes.find((one) => one.number === number && one.change !== 'removed')
  return told ?? null
}

/**
 * Return whether a scene is approved: as the price tells that was asked for, or else as it was saved.
 *
 * Undefined where neither is known.
 */
export function approvalOf(
  price: null | Price,
  { decision, sceneApprovals }: Pick<StoryboardDoc, 'decision' | 'sceneApprovals'>,
  sceneId: null | string | undefined,
): SceneStanding | undefined {
  const told = price?.scenes.find((scene) => scene.sceneId === sceneId)?.approval
  if (told || !sceneId) return told
  const saved = sceneApprovals?.find(({ scene }) => scene === sceneId)
  if (!saved) return { state: 'none', by: '', at: null }
  const { at, by, void: isVoid } = saved
  if (!isVoid || (isVoid === 'price' && decision === 'approved'))
    return { state: 'approved', by, at }
  return { state: isVoid === 'price' ? 'dearer' : 'changed', by, at }
}

/** Return what a scene costs now in figures; null where there is nothing to pay. */
export function formatScenePrice(price: ScenePrice | undefined, language: string): null | string {
  return price ? formatRange(price.usualDue, price.due, language) : null
}

/** Return what of that is for its motion, which is bought after its picture; null for nothing. */
export function formatMotionPrice(price: ScenePrice | undefined, language: string): null | string {
  return price ? formatRange(price.usualClipDue, price.clipDue, language) : null
}

/** Return the CSS background of a scene that stands on a colour; null where it has a picture. */
export function colourOf(
  background: BackgroundRow | null | undefined,
  palette: null | Palette | undefined,
): null | string {
  const first = palette?.background || '#14213d'
  const second = palette?.accent || '#fca311'
  switch (background?.kind) {
    case 'solid':
      return background.colour || first
    case 'gradient':
      return `linear-gradient(${String(background.angle ?? 90)}deg, ${background.start || first}, ${background.end || second})`
    default:
      return null
  }
}

/** A change of a scene, and what of it was read before. */
export interface SceneEdit {
  change: Partial<SceneRow>
  read: Partial<SceneRow>
}

/** Return of some texts those that were changed, and how they were read. */
export function editOf(read: Partial<SceneRow>, typed: Partial<SceneRow>): SceneEdit {
  const names = (Object.keys(typed) as (keyof SceneRow)[]).filter(
    (name) => typed[name] !== read[name],
  )
  const only = (of: Partial<SceneRow>): Partial<SceneRow> =>
    Object.fromEntries(names.map((name) => [name, of[name]]))
  return { change: only(typed), read: only(read) }
}

/**
 * Return the rows for a save that changes some scenes, and leaves all others as they are.
 *
 * Null where somebody else has removed one of them, or changed what was read of it.
 */
export function withEdits(
  rows: readonly SceneRow[],
  edits: ReadonlyMap<SceneRow['id'], SceneEdit>,
): null | Partial<SceneRow>[] {
  for (const [id, { read }] of edits) {
    const standing = rows.find((row) => row.id === id)
    const names = Object.keys(read) as (keyof SceneRow)[]
    const isRead = names.every((name) => (standing?.[name] ?? '') === (read[name] ?? ''))
    if (!standing || !isRead) return null
  }
  return rows.map((row) => ({ ...edits.get(row.id)?.change, ...named(row) }))
}

/** Return what is known of scenes by their rows, without what stands in none of them any more. */
export function stillOf<T>(
  known: ReadonlyMap<SceneRow['id'], T>,
  rows: readonly SceneRow[],
): ReadonlyMap<SceneRow['id'], T> {
  const ids = new Set(rows.map(({ id }) => id))
  return [...known.keys()].every((id) => ids.has(id))
    ? known
    : new Map([...known].filter(([id]) => ids.has(id)))
}

/** Return the rows in an order that somebody saw; what came since stands at the end. */
export function inOrder(
  rows: readonly SceneRow[],
  ids: readonly SceneRow['id'][],
): Partial<SceneRow>[] {
  const placeOf = ({ id }: SceneRow): number => (ids.includes(id) ? ids.indexOf(id) : ids.length)
  return rows.toSorted((one, other) => placeOf(one) - placeOf(other)).map(named)
}

/** Return the rows without one of them; null where somebody else has removed it. */
export function without(rows: readonly SceneRow[], id: SceneRow['id']): null | Partial<SceneRow>[] {
  const rest = rows.filter((row) => row.id !== id)
  return rest.length < rows.length ? rest.map(named) : null
}

/** Return the rows with another one at their end. */
export function withNew(rows: readonly SceneRow[], scene: Partial<SceneRow>): Partial<SceneRow>[] {
  return [...rows.map(named), scene]
}

/** Name a row: Payload keeps all that is not told of it. */
function named({ id }: SceneRow): Partial<SceneRow> {
  return id ? { id } : {}
}
