/** Parts: everything that is heard in a film, with its place in time and how loud it is. */
import type { LevelPoint, ScenePreview, TimelinePreview } from '../generated/timeline.ts'

/** LUFS that narrations are brought to, each by itself, and a film as a whole. */
export const target = -16
/** Decibels by which anything is raised at the most: past it, it is the room that is heard. */
const mostRaised = 40

export interface Part {
  /** What it is, for as long as the film is the same. */
  key: string
  address: string
  /** Seconds of the film. */
  start: number
  end: number
  /** Seconds of the file at which it begins. */
  offset: number
  /** Whether it is repeated until its end. */
  loops: boolean
  /** LUFS that it is brought to; null for what keeps its own loudness. */
  loudness: null | number
  /** Decibels that are added to what it has. */
  raise: number
  /** Seconds. */
  fadeIn: number
  fadeOut: number
  /** How it steps back where somebody speaks. */
  ducking: readonly LevelPoint[]
}

const plain = { offset: 0, loops: false, loudness: null, raise: 0, fadeIn: 0, fadeOut: 0 }

/** Return what is heard of a film: narrations and music that are there, and the clips' own sound. */
export function partsOf(timeline: TimelinePreview): Part[] {
  const scenes = timeline.scenes.flatMap((scene) => [...voice(scene), ...clip(scene)])
  return [...scenes, ...music(timeline, scenes.length === 0)]
}

function voice({ id, narration }: ScenePreview): Part[] {
  // Until it is spoken, it is read.
  const said = narration?.asset ?? narration?.reading
  if (!narration || !said) return []
  const { fade, span } = narration
  return [
    {
      ...plain,
      key: `${id} voice`,
      address: said.contentUrl,
      start: span.start,
      end: span.start + span.duration,
      loudness: target,
      fadeIn: fade,
      fadeOut: fade,
      ducking: [],
    },
  ]
}

function clip({ id, view }: ScenePreview): Part[] {
  if (view.kind !== 'clip' || !view.sound || view.volume === null) return []
  const { asset, ducking, fadeIn, fadeOut, sound, trimStart, volume } = view
  return [
    {
      ...plain,
      key: `${id} clip`,
      address: asset.contentUrl,
      start: sound.start,
      end: sound.start + sound.duration,
      offset: trimStart,
      raise: volume,
      fadeIn,
      fadeOut,
      ducking,
    },
  ]
}

function music({ music: bed }: TimelinePreview, alone: boolean): Part[] {
  const address = bed?.asset?.contentUrl ?? bed?.bedUrl
  if (!bed || !address) return []
  const { ducking, fadeIn, fadeOut, span, volume } = bed
  return [
    {
      ...plain,
      key: 'music',
      address,
      start: span.start,
      end: span.start + span.duration,
      loops: true,
      loudness: alone ? target : target + volume,
      fadeIn,
      fadeOut,
      ducking,
    },
  ]
}

/** Return what a part's samples are multiplied by at a moment of the film. */
export function gainAt(part: Part, seconds: number, loudness: number): number {
  const raise = part.loudness === null ? part.raise : Math.min(part.loudness - loudness, mostRaised)
  const decibels = raise + duckedAt(part.ducking, seconds)
  return 10 ** (decibels / 20) * fadeAt(part, seconds)
}

/** Sines, so that what comes and what goes are together as loud as either. */
function fadeAt({ end, fadeIn, fadeOut, start }: Part, seconds: number): number {
  const rise = fadeIn > 0 ? (seconds - start) / fadeIn : 1
  const fall = fadeOut > 0 ? (end - seconds) / fadeOut : 1
  return Math.sin((Math.PI / 2) * Math.max(0, Math.min(1, rise, fall)))
}

function duckedAt(points: readonly LevelPoint[], seconds: number): number {
  const next = points.findIndex(({ at }) => at > seconds)
  const after = points[next === -1 ? points.length - 1 : next]
  const before = next === -1 ? after : points[Math.max(0, next - 1)]
  if (!after || !before) return 0
  const share = after.at > before.at ? (seconds - before.at) / (after.at - before.at) : 1
  return before.decibels + (after.decibels - before.decibels) * Math.max(0, Math.min(1, share))
}
