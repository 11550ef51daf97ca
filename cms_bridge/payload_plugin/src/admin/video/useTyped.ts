'use client'
/** What is typed on the cards of a board and not saved yet. */
import { useCallback, useEffect, useMemo, useState } from 'react'

import type { SceneRow } from '../../documents.ts'
import { editOf, type SceneEdit, stillOf } from '../board/model.ts'

/** Called with what stands on a scene's card, first as it was read, and with null once it is saved or left. */
export type TellTyped = (row: SceneRow['id'], typed: null | Partial<SceneRow>) => void

/** A card that is being written on. */
export interface TypedCard {
  words: Partial<SceneRow>
  /** As the words stood when somebody began to change them: others may save meanwhile. */
  read: Partial<SceneRow>
}

interface Typed {
  /** What stands on a scene's card; null where nothing is typed. */
  draftOf: (row: SceneRow['id']) => null | TypedCard
  /** All that is typed, and what of it was read. */
  edits: ReadonlyMap<SceneRow['id'], SceneEdit>
  /** Whether anything is. */
  isTyped: boolean
  /** All of it is saved. */
  leaveAll: () => void
  /** The scenes as they stand on the cards. */
  scenes: readonly SceneRow[]
  tell: TellTyped
}

const noScenes: readonly SceneRow[] = []

/** `tellGone` is called once others have removed a scene on whose card something was typed. */
export function useTyped(rows: readonly SceneRow[] = noScenes, tellGone?: () => void): Typed {
  const [all, setTyped] = useState<ReadonlyMap<SceneRow['id'], TypedCard>>(new Map())
  // A scene that comes back, as with an older version, has its words again.
  const typed = useMemo(() => stillOf(all, rows), [all, rows])
  const gone = all.size - typed.size
  useEffect(() => {
    if (gone > 0) tellGone?.()
  }, [gone, tellGone])
  const tell = useCallback<TellTyped>((row, words) => {
    setTyped((before) => {
      if (!words && !before.has(row)) return before
      const after = new Map(before)
      if (words) after.set(row, { words, read: before.get(row)?.read ?? words })
      else after.delete(row)
      return after
    })
  }, [])
  const scenes = useMemo(
    () => (typed.size > 0 ? rows.map((row) => ({ ...row, ...typed.get(row.id)?.words })) : rows),
    [rows, typed],
  )
  const edits = useMemo(
    () => new Map([...typed].map(([row, { read, words }]) => [row, editOf(read, words)])),
    [typed],
  )
  const draftOf = useCallback<Typed['draftOf']>((row) => typed.get(row) ?? null, [typed])
  const leaveAll = useCallback(() => setTyped(new Map()), [])
  return { draftOf, edits, isTyped: typed.size > 0, leaveAll, scenes, tell }
}
