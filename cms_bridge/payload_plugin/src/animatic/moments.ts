/** Moments: what a timeline shows in one frame, told without drawing anything. */
import type {
  CuePreview,
  FrameSpan,
  Keyframe,
  LitPagePreview,
  ScenePreview,
  TextPreview,
  TimelinePreview,
  TransitionPreview,
} from '../generated/timeline.ts'

/** A scene, and which of its frames is seen, from 0. */
export interface Shown {
  scene: ScenePreview
  frame: number
}

/** What is read in a frame. */
export type Words =
  | { kind: 'caption'; cue: CuePreview }
  | { kind: 'page'; cue: CuePreview; page: LitPagePreview; lit: number }
  | { kind: 'text'; text: TextPreview; opacity: number }

export interface Moment {
  leading: Shown
  /** The scene that it gives way to, and how far it has come. */
  coming: (Shown & { transition: TransitionPreview; progress: number; share: number }) | null
  /** In the order in which they are laid over the picture. */
  words: Words[]
}

/** Return what is seen in a frame of the film; null where there is no scene. */
export function momentAt(timeline: TimelinePreview, frame: number): Moment | null {
  const seen = timeline.scenes.filter(({ span }) => isIn(span, frame))
  const leading = seen[0]
  if (!leading) return null
  const next = seen[1]
  const { transition } = leading
  const coming =
    next && transition && isIn(transition.span, frame)
      ? { ...shown(next, frame), transition, ...shareOf(transition, frame) }
      : null
  return { leading: shown(leading, frame), coming, words: [...wordsIn(timeline, seen, frame)] }
}

/** Return the scene that a frame belongs to: the later one from the middle of a transition. */
export function sceneAt(timeline: TimelinePreview, frame: number): ScenePreview | undefined {
  return timeline.scenes.findLast(({ span }, index) => {
    const before = timeline.scenes[index - 1]?.transition?.span
    return frame >= span.startFrame + (before ? Math.floor(before.frames / 2) : 0)
  })
}

/** Return the caption that is being said at a time, in seconds. */
export function cueAt(timeline: TimelinePreview, seconds: number): CuePreview | undefined {
  return timeline.captions.cues.find(({ end, start }) => start <= seconds && seconds < end)
}

/** Return what a camera sees in a scene's frame: shares of the crop. */
export function windowAt(keyframes: readonly Keyframe[], frame: number): Omit<Keyframe, 'frame'> {
  const next = keyframes.find((key) => key.frame >= frame) ?? keyframes.at(-1)
  const last = keyframes.findLast((key) => key.frame <= frame) ?? next
  if (!next || !last) return { left: 0, top: 0, size: 1 }
  const share = Math.min(1, (frame - last.frame) / Math.max(1, next.frame - last.frame))
  const at = (name: 'left' | 'size' | 'top'): number =>
    last[name] + (next[name] - last[name]) * share
  return { left: at('left'), top: at('top'), size: at('size') }
}

/** Smoothstep: it sets off and lands softly. */
export const smoothstep = (share: number): number => share * share * (3 - 2 * share)

function* wordsIn(
  timeline: TimelinePreview,
  seen: readonly ScenePreview[],
  frame: number,
): Generator<Words> {
  const { captions } = timeline
  for (const { id, text } of seen) {
    if (text && isIn(text.span, frame)) {
      yield { kind: 'text', text, opacity: opacityOf(text, frame) }
    }
    const cue = captions.cues.find(
      ({ sceneId, span }) => sceneId === id && span && isIn(span, frame),
    )
    if (!cue) continue
    if (cue.pages.length === 0) yield { kind: 'caption', cue }
    else yield* pagesIn(cue, frame)
  }
}

function* pagesIn(cue: CuePreview, frame: number): Generator<Words> {
  for (const page of cue.pages) {
    const lit = page.words.findIndex(({ span }) => span && isIn(span, frame))
    if (lit >= 0) yield { kind: 'page', cue, page, lit }
  }
}

function opacityOf({ fadeFrames, span }: TextPreview, frame: number): number {
  const fromStart = frame - span.startFrame + 1
  const toEnd = span.startFrame + span.frames - frame
  return Math.min(1, fromStart / (fadeFrames + 1), toEnd / (fadeFrames + 1))
}

function shareOf(
  { easing, span }: TransitionPreview,
  frame: number,
): { progress: number; share: number } {
  const share = (frame - span.startFrame + 1) / (span.frames + 1)
  return { share, progress: easing === 'smoothstep' ? smoothstep(share) : share }
}

const shown = (scene: ScenePreview, frame: number): Shown => ({
  scene,
  frame: frame - scene.span.startFrame,
})

const isIn = ({ frames, startFrame }: FrameSpan, frame: number): boolean =>
  startFrame <= frame && frame < startFrame + frames
