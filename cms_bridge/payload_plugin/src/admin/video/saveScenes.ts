/** Saves of a storyboard's scenes outside of its form, while others may save the same storyboard. */
import type { SceneRow, StoryboardDoc } from '../../documents.ts'

/** What is made of the scenes as they stand; null where others have changed what was read of them. */
export type ChangeOfScenes = (rows: readonly SceneRow[]) => null | Partial<SceneRow>[]

/** Asks for the storyboard, or writes to it; null where no answer comes. */
export type AskOfStoryboard = (init?: RequestInit) => Promise<null | Response>

/** Between a look at the scenes and the save somebody else can save: so often it is tried. */
const tries = 2

/**
 * Save what a function makes of the scenes as they stand at that moment.
 *
 * A save names all of the rows, so that it says which revision they are of: one that came between
 * is looked at first. Null where nothing is made of the scenes, else what was answered last.
 */
export async function saveScenes(
  ask: AskOfStoryboard,
  change: ChangeOfScenes,
): Promise<{ response: null | Response } | null> {
  let response: null | Response = null
  for (let tried = 0; tried < tries; tried += 1) {
    response = await ask()
    if (!response?.ok) break
    const { revision, scenes } = (await response.json()) as StoryboardDoc
    const changed = change(scenes ?? [])
    if (!changed) return null
    response = await ask({
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ scenes: changed, revisionSeen: revision ?? 0 }),
    })
    if (response?.status !== 409) break
  }
  return { response }
}
