/** A storyboard as events carry it, read from the document that people edit. */
import { randomUUID } from 'node:crypto'

import type {
  Gradient,
  Look,
  Mood,
  Motion,
  Music,
  Palette,
  Scene,
  Solid,
  Speaker,
  Storyboard,
} from './generated/events.ts'
import { holdsWords, isColour } from './text.ts'
import type {
  BackgroundRow,
  CaptionRow,
  ProjectDoc,
  SceneRow,
  SpeakerRow,
  StoryboardDoc,
} from './documents.ts'

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

/**
 * Return the value that an event carries; equal documents give equal values.
 *
 * `Required` lets no field of the wire be forgotten: one that is added there
 * does not compile here until the document carries it.
 */
export function toStoryboard(doc: StoryboardDoc): Required<Storyboard> {
  const palette = toPalette(doc.palette)
  return {
    title: doc.title,
    scenes: (doc.scenes ?? []).map((row) => toScene(row, palette)),
    locale: doc.locale || 'en',
    aspectRatio: doc.aspectRatio ?? '16:9',
    style: doc.style ?? '',
    look: doc.look ?? null,
    cast: doc.cast ?? [],
    voice: doc.voice ?? '',
    speakers: toSpeakers(doc.speakers),
    speed: doc.speed ?? null,
    palette,
    captions: doc.captions ?? 'none',
    logo: doc.logo ?? null,
    disclosure: doc.disclosure === true,
    music: toMusic(doc),
    ingredients: doc.ingredients ?? [],
  }
}

/** Return who speak by name, as an event carries them. */
export function toSpeakers(rows: null | readonly SpeakerRow[] | undefined): Required<Speaker>[] {
  return (rows ?? []).map(({ name, voice }) => ({ name, voice: voice ?? '' }))
}

/** Return a look as it is sent; null where nothing is said of it. */
export function toLook(look: ProjectDoc['look']): Look | null {
  const { lens, palette, style } = look ?? {}
  if (![style, palette, lens].some((words) => holdsWords(words ?? ''))) return null
  return { style: style ?? '', palette: palette ?? '', lens: lens ?? '' }
}

/** Return the mood of the built-in music, or null where there is to be none. */
export function toMood(mood: 'none' | Mood | null | undefined): Mood | null {
  return mood && mood !== 'none' ? mood : null
}

/** Words for a model replace a mood, and a mood a file of one's own, which is kept meanwhile. */
function toMusic({ music, musicMood, musicPrompt }: StoryboardDoc): Music | null {
  const mood = toMood(musicMood)
  const prompt = musicPrompt ?? ''
  if (holdsWords(prompt)) return { ...music, file: null, own: null, mood: null, prompt }
  if (mood) return { ...music, file: null, own: null, mood, prompt: '' }
  return music?.file || music?.own ? { ...music, mood: null, prompt: '' } : null
}

function toScene(row: SceneRow, palette: Required<Palette>): Required<Scene> {
  const background = toBackground(row.background, palette)
  return {
    id: row.sceneId ?? '',
    narration: row.narration ?? '',
    narrationFile: row.own?.narrationFile ?? null,
    picturePrompt: row.picturePrompt ?? '',
    // A scene shows one or the other; the document keeps the picture for when it is wanted again.
    picture: background || row.clip?.own ? null : (row.own?.picture ?? null),
    onScreenText: row.onScreenText ?? '',
    duration: row.duration ?? null,
    motion: toMotion(row),
    motionPrompt: row.motionPrompt ?? '',
    clipSound: row.clipSound === true,
    transition: row.transition ?? 'crossfade',
    transitionSeconds: row.transitionSeconds ?? null,
    transitionColour: toColour(row.transitionColour, '#000000'),
    textStyle: row.textStyle ?? 'lower_third',
    focus: { x: row.focus?.x ?? 0.5, y: row.focus?.y ?? 0.5 },
    // A scene shows one or the other; the document keeps the clip for when it is wanted again.
    clip: background ? null : (row.clip ?? null),
    background,
    caption: toCaption(row.caption),
    pictureTake: row.pictureTake ?? 0,
    narrationTake: row.narrationTake ?? 0,
    speed: row.speed ?? null,
    pauseAfter: row.pauseAfter ?? 0,
    cast: row.cast ?? [],
    ingredients: row.ingredients ?? [],
  }
}

/** Only a picture can be set in motion; the document keeps the wish for when there is one again. */
function toMotion({ background, clip, motion }: SceneRow): Motion {
  const shown = (background?.kind ?? 'picture') === 'picture' && !clip
  return motion === 'generated' && !shown ? 'zoom_in' : (motion ?? 'zoom_in')
}

function toBackground(
  background: BackgroundRow | null | undefined,
  palette: Required<Palette>,
): Required<Gradient> | Solid | null {
  switch (background?.kind) {
    case 'solid':
      return { kind: 'solid', colour: toColour(background.colour, palette.background) }
    case 'gradient':
      return {
        kind: 'gradient',
        start: toColour(background.start, palette.background),
        end: toColour(background.end, palette.accent),
        angle: background.angle ?? 90,
      }
    default:
      return null
  }
}

function toCaption(caption: CaptionRow | null | undefined): null | string {
  if (caption?.words === 'own') return caption.text ?? ''
  return caption?.words === 'none' ? '' : null
}

/** Return a colour, or the other where it is none; Payload checks no field that a form hides. */
function toColour(value: null | string | undefined, fallback: string): string {
  return isColour(value) ? value : fallback
}

/** Return the document's fields for a storyboard that the service drafted. */
export function fromStoryboard(storyboard: Storyboard): Partial<StoryboardDoc> {
  const { scenes, ...rest } = storyboard
  return {
    ...rest,
    musicMood: storyboard.music?.mood ?? 'none',
    musicPrompt: storyboard.music?.prompt ?? '',
    scenes: scenes.map(fromScene),
  }
}

function fromScene({
  background,
  caption,
  id,
  narrationFile = null,
  picture = null,
  ...scene
}: Scene): SceneRow {
  return {
    ...scene,
    own: picture || narrationFile ? { picture, narrationFile } : null,
    sceneId: id,
    background: background ?? { kind: 'picture' },
    caption: fromCaption(caption),
  }
}

function fromCaption(caption: null | string | undefined): CaptionRow {
  if (caption === null || caption === undefined) return { words: 'narration' }
  return caption === '' ? { words: 'none' } : { words: 'own', text: caption }
}

/**
 * Return the rows with an id for each scene.
 *
 * A new row has none, and a row that the admin duplicated has its neighbour's:
 * the first keeps it, so that an id names one scene for as long as it lives.
 */
export function nameScenes(rows: readonly SceneRow[]): SceneRow[] {
  const sceneIds = new Set<string>()
  return rows.map((row) => {
    const sceneId =
      row.sceneId && !sceneIds.has(row.sceneId) ? row.sceneId : `scene-${randomUUID()}`
    sceneIds.add(sceneId)
    return { ...row, sceneId }
  })
}
