/** A ruler: how wide words are in the film's own fonts, and where their ink is. */
import type { Face, WordingPreview } from '../generated/timeline.ts'
import type { Box, Run } from './typesetting.ts'

/** A weight of letters, how far apart they stand, and how far apart lines are. */
export type Voice = 'bold' | 'plain' | 'sans'

/** How letters are set: scripts with marks above and below need height, and no tracking. */
export interface Type {
  voice: Voice
  script: WordingPreview['script']
}

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

/** In em, as `voices` of `render/words/type.typ`. */
const voices = {
  sans: { weight: 800, tracking: -0.025, leading: 0.38 },
  bold: { weight: 800, tracking: -0.01, leading: 0.5 },
  plain: { weight: 500, tracking: 0, leading: 0.5 },
} as const

/** Full-width marks whose right half is empty. */
const endsInMark = /[\u3001\u3002\uff0c\uff0e\u300d\u300f\uff09\u3011\u300b\u3009\u3015]$/

interface Lines {
  /** In em, as all of these: from a line's upper edge to its lower one. */
  lineHeight: number
  /** Of it above the baseline. */
  rise: number
  leading: number
  /** What hangs below the last line. */
  tail: number
}

/** The name under which a family is registered: a page may have one of its own by that name. */
export const familyName = (family: string): string => `rw ${family}`

export class Ruler {
  readonly #context: Context
  readonly #families: string
  readonly #widths = new Map<string, number>()

  /** Measure on a context, in the faces given, in the order to fall back by. */
  constructor(context: Context, faces: readonly Face[]) {
    this.#context = context
    const families = [...new Set(['Inter', ...faces.map(({ family }) => family)])]
    this.#families = [...families.map((name) => `"${familyName(name)}"`), 'sans-serif'].join(', ')
  }

  /** Set a context to a voice and a size. */
  use(context: Context, type: Type, size: number): void {
    context.font = `${String(voices[type.voice].weight)} ${String(size)}px ${this.#families}`
    context.letterSpacing = `${String(trackingOf(type) * size)}px`
    context.fontKerning = 'normal'
    context.textRendering = 'geometricPrecision'
    context.textBaseline = 'alphabetic'
    context.textAlign = 'left'
  }

  /**
   * Return how wide a line is; it grows evenly with its size. Of a full-width mark that ends it,
   * the empty half is not counted, nor is the tracking behind the last letter.
   */
  width(text: string, type: Type, size: number): number {
    const key = `${type.voice} ${type.script} ${text}`
    let known = this.#widths.get(key)
    if (known === undefined) {
      this.use(this.#context, type, 100)
      const trimmed = type.script === 'dense' && endsInMark.test(text) ? 0.5 : 0
      known = this.#context.measureText(text).width / 100 - trimmed - trackingOf(type)
      this.#widths.set(key, known)
    }
    return known * size
  }

  /** Return the box around a run's ink. */
  ink(run: Run): Box {
    // Small letters' boxes are told in whole pixels, and with one more around them.
    this.use(this.#context, run.type, inkSize)
    this.#context.direction = run.rightToLeft ? 'rtl' : 'ltr'
    const told = this.#context.measureText(run.text)
    const share = run.size / inkSize
    return {
      left: run.left - told.actualBoundingBoxLeft * share,
      top: run.baseline - told.actualBoundingBoxAscent * share,
      width: (told.actualBoundingBoxRight + told.actualBoundingBoxLeft) * share,
      height: (told.actualBoundingBoxAscent + told.actualBoundingBoxDescent) * share,
    }
  }

  /** Return how much height lines take. */
  lines({ script, voice }: Type): Lines {
    if (script === 'roomy') return { lineHeight: 1.3, rise: 0.96, leading: 0.12, tail: 0 }
    if (script === 'dense') return { lineHeight: 0.95, rise: 0.85, leading: 0.27, tail: 0 }
    const { leading } = voices[voice]
    return { lineHeight: capHeight, rise: capHeight, leading, tail: 0.24 }
  }

  /** Return how far below a block's top its first baseline is. */
  rise({ size, type }: { size: number; type: Type }): number {
    return this.lines(type).rise * size
  }
}

const trackingOf = ({ script, voice }: Type): number =>
  script === 'roomy' ? 0 : voices[voice].tracking

/** The size in pixels at which ink is measured. */
const inkSize = 1000

/** Of Inter, in em. */
const capHeight = 1490 / 2048
