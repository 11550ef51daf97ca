/** A storyboard as events carry it, read from the document that people edit. */
import { randomUUID } from 'node:crypto'

import type { Palette, Scene, Storyboard } from './events.ts'
import type { SceneRow, StoryboardDoc } from './types.ts'

/** The colours a project has until somebody chooses others. */
export const defaultPalette: Required<Palette> = {
  background: '#14213d',
  foreground: '#ffffff',
  accent: '#fca311',
}

/** Return the whole palette, with the default for each colour that is not set. */
export function toPalette(palette: null | Palette | undefined): Required<Palette> {
  return {
    background: palette?.background || defaultPalette.background,
    foreground: palette?.foreground || defaultPalette.foreground,
    accent: palette?.accent || defaultPalette.accent,
  }
}

/** Return the value that an event carries; equal documents give equal values, key for key. */
export function toStoryboard(doc: StoryboardDoc): Storyboard {
  return {
    title: doc.title,
    scenes: (doc.scenes ?? []).map(toScene),
    locale: doc.locale || 'en',
    aspectRatio: doc.aspectRatio ?? '16:9',
    style: doc.style ?? '',
    voice: doc.voice ?? '',
    palette: toPalette(doc.palette),
  }
}

function toScene(row: SceneRow): Scene {
  return {
    id: row.sceneId ?? '',
    narration: row.narration ?? '',
    picturePrompt: row.picturePrompt ?? '',
    onScreenText: row.onScreenText ?? '',
    duration: row.duration ?? null,
    motion: row.motion ?? 'zoom_in',
    transition: row.transition ?? 'crossfade',
  }
}

/** Return the document's fields for a storyboard that the service drafted. */
export function fromStoryboard(storyboard: Storyboard): Partial<StoryboardDoc> {
  const { scenes, ...rest } = storyboard
  return { ...rest, scenes: scenes.map(({ id, ...scene }) => ({ sceneId: id, ...scene })) }
}

/**
 * Return the rows with an id for each scene.
 *
 * A new row has none, and a row that the admin duplicated has its neighbour's:
 * the first keeps it, so that an id names one scene for as long as it lives.
 */
export function nameScenes(rows: readonly SceneRow[]): SceneRow[] {
  const taken = new Set<string>()
  return rows.map((row) => {
    const kept = row.sceneId && !taken.has(row.sceneId) ? row.sceneId : `scene-${randomUUID()}`
    taken.add(kept)
    return { ...row, sceneId: kept }
  })
}
