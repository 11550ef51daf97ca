/**
 * Typesetting: words in their style and place, by the rules that the engine's own template follows
 * (`render/words/text_overlay.typ` and `type.typ`, whose numbers stand here a second time).
 *
 * Lengths are pixels of the canvas that is drawn on; `unit` is a hundredth of its shorter side.
 */
import type { TextLook, WordingPreview } from '../generated/timeline.ts'
import type { Ruler, Type, Voice } from './ruler.ts'

/** One line of words, or one word of it. */
export interface Run {
  text: string
  left: number
  baseline: number
  type: Type
  size: number
  colour: string
  rightToLeft: boolean
  /** From where to where it is seen, if it is not seen whole. */
  seen?: readonly [from: number, to: number]
}

/** A filled box with round corners. */
export interface Plate {
  left: number
  top: number
  width: number
  height: number
  radius: number
  colour: string
}

/** The letters once more, thicker and softer. */
export interface Halo {
  /** How many pixels are taken together: what is blurred far, the engine blurs small. */
  coarse: number
  /** By how many of those the letters grow. */
  reach: number
  /** A Gaussian's deviation, in pixels. */
  blur: number
  strength: number
  colour: string
}

export interface Setting {
  plates: Plate[]
  runs: Run[]
  halos: Halo[]
}

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** What is set, and where. */
export interface Job {
  look: TextLook
  zone: Box
  unit: number
  /** Canvas pixels for each of the timeline's. */
  scale: number
  rightToLeft: boolean
}

interface Block {
  /** As it was asked for; `size` is that as the script is scaled. */
  nominal: number
  size: number
  width: number
  lines: string[]
  lineHeight: number
  leading: number
  /** With what hangs below the last line. */
  height: number
  type: Type
}

const smallest = 0.4
/** From the ink of a caption's letters to each edge of its box, or of its zone without one. */
const boxInset = 1.6
const bareInset = 0.6
const boxRadius = 0.9
const softHyphen = '\u00ad'
const unseen = /[\u00ad\u200b\u2060]/g

/** Set a head and what stands below it: a title, or a lower third on its band. */
export function setText(
  wordings: readonly WordingPreview[],
  job: Job & { isTitle: boolean },
  ruler: Ruler,
): Setting {
  const { isTitle, look, unit, zone } = job
  const [head, sub] = wordings
  if (!head) return { plates: [], runs: [], halos: [] }
  const bar = 0.8 * unit
  const inset = { x: 2.6 * unit, top: 2.2 * unit, bottom: 1.4 * unit }
  const room = isTitle
    ? { width: zone.width - 4 * unit, height: zone.height - 4 * unit }
    : {
        width: Math.min(zone.width, 112 * unit) - bar - 2 * inset.x,
        height: zone.height - inset.top - inset.bottom,
      }
  const largest = look.size * job.scale
  const share = sub ? 0.66 : 1
  const least = smallest * unit
  const first = fit(head, 'sans', room.width, room.height * share, largest, least, ruler)
  const second =
    sub &&
    fit(
      sub,
      'plain',
      room.width,
      (room.height - first.height) * 0.9,
      first.nominal * look.secondSize,
      least,
      ruler,
    )
  const gap = second ? first.nominal * 0.16 : 0
  const width = Math.max(first.width, second?.width ?? 0)
  const height = first.height + gap + (second?.height ?? 0)
  const across: Across = isTitle ? 'center' : job.rightToLeft ? 'right' : 'left'
  const plates: Plate[] = []
  let left: number
  let top: number
  if (isTitle) {
    left = zone.left + (zone.width - width) / 2
    top = zone.top + (zone.height - height) / 2
  } else {
    const band = { width: width + 2 * inset.x, height: height + inset.top + inset.bottom }
    top = zone.top + zone.height - band.height
    const start = job.rightToLeft ? zone.left + zone.width - band.width - bar : zone.left + bar
    const strip = job.rightToLeft ? start + band.width : zone.left
    const { background, mark } = look.colours
    if (background) plates.push({ left: start, top, ...band, radius: 0, colour: background })
    if (mark) {
      plates.push({ left: strip, top, width: bar, height: band.height, radius: 0, colour: mark })
    }
    left = start + inset.x
    top += inset.top
  }
  const at = { left, width, across, colour: look.colours.ink, rightToLeft: job.rightToLeft }
  return {
    plates,
    runs: [
      ...runsOf(first, { ...at, top }, ruler),
      ...(second ? runsOf(second, { ...at, top: top + first.height + gap }, ruler) : []),
    ],
    halos: halosOf(isTitle ? 'title' : 'none', look, unit),
  }
}

/** Set a caption in the lines that it was cut into, or, where the frame is too narrow, as it fits. */
export function setCaption(
  lines: readonly string[],
  wording: WordingPreview,
  job: Job & { words?: readonly string[]; lit?: number },
  ruler: Ruler,
): Setting {
  const { look, unit, zone } = job
  const boxed = look.colours.background
  const inset = (boxed ? boxInset : bareInset) * unit
  const voice: Voice = look.weights[0] === 800 ? 'bold' : 'plain'
  const size = look.size * job.scale
  const room = { width: zone.width - 2 * inset, height: zone.height - 2 * inset }
  const given = blockOf(lines, wording, voice, size, ruler)
  const natural = Math.max(
    ...lines.map((line) =>
      ruler.width(line, { voice, script: wording.script }, size * wording.scale),
    ),
  )
  const block =
    natural <= room.width && given.height <= room.height
      ? { ...given, width: natural }
      : fit(wording, voice, room.width, room.height, size, smallest * unit, ruler)
  const runs = runsOf(
    block,
    {
      left: zone.left + (zone.width - block.width) / 2,
      top: zone.top + zone.height - inset - block.height,
      width: block.width,
      across: 'center',
      colour: look.colours.ink,
      rightToLeft: job.rightToLeft,
    },
    ruler,
  )
  const halos = halosOf('caption', look, unit)
  const words =
    job.words && job.lit !== undefined
      ? litRuns(runs, job.words, job.lit, look.colours.lit ?? look.colours.ink, ruler)
      : runs
  if (!boxed) return { plates: [], runs: words, halos }
  const placed = onPlate(words, { look, zone, unit, colour: boxed }, ruler)
  return { plates: [placed.plate], runs: placed.runs, halos }
}

/** Move letters so that their ink, and not their lines' room, is as far from the box's edges. */
function onPlate(
  runs: readonly Run[],
  { colour, look, unit, zone }: { look: TextLook; zone: Box; unit: number; colour: string },
  ruler: Ruler,
): { plate: Plate; runs: Run[] } {
  const inks = runs.map((run) => ruler.ink(run))
  const left = Math.floor(Math.min(...inks.map((ink) => ink.left)))
  const top = Math.floor(Math.min(...inks.map((ink) => ink.top)))
  const right = Math.ceil(Math.max(...inks.map((ink) => ink.left + ink.width)))
  const bottom = Math.ceil(Math.max(...inks.map((ink) => ink.top + ink.height)))
  const inset = Math.round(boxInset * unit)
  const width = right - left + 2 * inset
  const height = bottom - top + 2 * inset
  const free = zone.width - width
  const plate = {
    left:
      zone.left +
      (look.align === 'left' ? 0 : look.align === 'right' ? free : Math.floor(free / 2)),
    top: zone.top + (look.vertical === 'top' ? 0 : zone.height - height),
    width,
    height,
    radius: boxRadius * unit,
    colour,
  }
  const across = plate.left + inset - left
  const down = plate.top + inset - top
  return {
    plate,
    runs: runs.map((run) => ({
      ...run,
      left: run.left + across,
      baseline: run.baseline + down,
      ...(run.seen ? { seen: [run.seen[0] + across, run.seen[1] + across] as const } : {}),
    })),
  }
}

interface Span {
  start: number
  end: number
  colour: string
}

/**
 * Set each word by itself, the lit one in its colour: so the engine does, whose words are a little
 * further apart where they are shaped alone. A line of two directions is shaped as one, and only
 * coloured: in which order its words stand is the browser's to say.
 */
function litRuns(
  runs: readonly Run[],
  words: readonly string[],
  lit: number,
  colour: string,
  ruler: Ruler,
): Run[] {
  let number = 0
  return runs.flatMap((run) => {
    const spans: Span[] = []
    let from = 0
    while (number < words.length) {
      const word = visible([words[number] ?? ''])
      const start = run.text.indexOf(word, from)
      if (start < 0) break
      from = start + word.length
      spans.push({ start, end: from, colour: number === lit ? colour : run.colour })
      number += 1
    }
    if (!(leftToRight.test(run.text) && rightToLeft.test(run.text))) {
      return apart(run, spans, ruler)
    }
    const shown = spans.find((span) => span.colour === colour)
    return shown ? parted(run, shown.start, shown.end, colour, ruler) : [run]
  })
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u
const leftToRight = /(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])\p{L}/u

/** Return a line's words as runs of their own, around the middle that the line has. */
function apart(run: Run, spans: readonly Span[], ruler: Ruler): Run[] {
  const wide = (from: number, to: number): number =>
    from < to ? ruler.width(run.text.slice(from, to), run.type, run.size) : 0
  const whole = wide(0, run.text.length)
  let reach = 0
  let from = 0
  const placed = spans.map(({ colour, end, start }) => {
    const begins = reach + wide(from, start)
    reach = begins + wide(start, end)
    from = end
    return { ...run, text: run.text.slice(start, end), colour, left: begins, width: reach - begins }
  })
  const left = run.left + (whole - reach) / 2
  return placed.map(({ width, ...word }) => ({
    ...word,
    left: left + (run.rightToLeft ? reach - word.left - width : word.left),
  }))
}

/** Return a run in three parts, each of which shows a stretch of it. */
function parted(run: Run, start: number, end: number, colour: string, ruler: Ruler): Run[] {
  const reach = (to: number): number => ruler.width(run.text.slice(0, to), run.type, run.size)
  const whole = reach(run.text.length)
  const [from, to] = run.rightToLeft
    ? [run.left + whole - reach(end), run.left + whole - reach(start)]
    : [run.left + reach(start), run.left + reach(end)]
  const far = whole + 4 * run.size
  return [
    { ...run, seen: [run.left - far, from] },
    { ...run, seen: [from, to], colour },
    { ...run, seen: [to, run.left + far] },
  ]
}

type Across = 'center' | 'left' | 'right'

function runsOf(
  block: Block,
  at: {
    left: number
    top: number
    width: number
    across: Across
    colour: string
    rightToLeft: boolean
  },
  ruler: Ruler,
): Run[] {
  const { across, colour, rightToLeft, top } = at
  // A block that is narrower than what it stands with keeps to its side.
  const free = at.width - block.width
  const start = at.left + (across === 'left' ? 0 : across === 'right' ? free : free / 2)
  return block.lines.map((text, number) => {
    const spare = block.width - ruler.width(text, block.type, block.size)
    return {
      text,
      left: start + (across === 'left' ? 0 : across === 'right' ? spare : spare / 2),
      baseline: top + number * (block.lineHeight + block.leading) + ruler.rise(block),
      type: block.type,
      size: block.size,
      colour,
      rightToLeft,
    }
  })
}

/**
 * Return words in the largest size at which they fit, and in the narrowest width that then keeps
 * as few lines: lines come out balanced.
 */
function fit(
  wording: WordingPreview,
  voice: Voice,
  width: number,
  height: number,
  largest: number,
  least: number,
  ruler: Ruler,
): Block {
  const whole = wholes(wording)
  const longest = Math.max(
    ...whole.map(
      (piece) => ruler.width(piece, { voice, script: wording.script }, 100 * wording.scale) / 100,
    ),
  )
  const widest = whole.length > 3 ? width * 0.84 : width
  const set = (size: number, within: number): Block =>
    blockOf(broken(wording, voice, size, within, ruler), wording, voice, size, ruler)
  const fits = (size: number): boolean =>
    longest * size <= widest && set(size, width).height <= height
  let [low, high] = fits(largest) ? [largest, largest] : [least, largest]
  for (let step = 0; step < 9; step += 1) {
    const middle = (low + high) / 2
    if (fits(middle)) low = middle
    else high = middle
  }
  const size = low
  const lines = set(size, width).lines.length
  let [narrow, wide] = [Math.min(width, longest * size), width]
  for (let step = 0; step < 8; step += 1) {
    const middle = (narrow + wide) / 2
    if (set(size, middle).lines.length <= lines) wide = middle
    else narrow = middle
  }
  return { ...set(size, wide + 1), width: wide + 1 }
}

function blockOf(
  lines: readonly string[],
  wording: WordingPreview,
  voice: Voice,
  size: number,
  ruler: Ruler,
): Block {
  const em = size * wording.scale
  const type = { voice, script: wording.script }
  const { leading, lineHeight, tail } = ruler.lines(type)
  return {
    nominal: size,
    size: em,
    width: 0,
    lines: [...lines],
    lineHeight: lineHeight * em,
    leading: leading * em,
    height: lines.length * lineHeight * em + (lines.length - 1) * leading * em + tail * size,
    type,
  }
}

/** Break a paragraph into lines that are no wider than that. */
function broken(
  { pieces, scale, script }: WordingPreview,
  voice: Voice,
  size: number,
  width: number,
  ruler: Ruler,
): string[] {
  const lines: string[] = []
  let line: string[] = []
  for (const piece of pieces) {
    const longer = [...line, piece]
    if (line.length > 0 && ruler.width(visible(longer), { voice, script }, size * scale) > width) {
      lines.push(visible(line))
      line = [piece]
    } else {
      line = longer
    }
  }
  if (line.length > 0) lines.push(visible(line))
  return lines
}

/** Return pieces as they are read on one line. */
export function visible(pieces: readonly string[]): string {
  const text = pieces.join('')
  const cut = text.endsWith(softHyphen) ? '\u2010' : ''
  return text.replace(unseen, '').trim() + cut
}

/** Return the words that are to stand on one line, where there is room for them. */
function wholes({ pieces, script }: WordingPreview): string[] {
  const found: string[] = []
  let open = ''
  for (const piece of pieces) {
    open += piece
    // What is set without spaces is cut only where it may be.
    if (script === 'plain' && !/[\s\u00ad\u200b]$/.test(piece)) continue
    found.push(visible([open]))
    open = ''
  }
  if (open) found.push(visible([open]))
  return found
}

function halosOf(kind: 'caption' | 'none' | 'title', look: TextLook, unit: number): Halo[] {
  const { background, halo: colour } = look.colours
  if (!colour || background || kind === 'none') return []
  const told =
    kind === 'title'
      ? ([
          [0.5, 0.6, 0.65],
          [2.2, 4.5, 0.62],
        ] as const)
      : ([
          [0.34, 0.08, 1],
          [0.5, 0.9, 0.55],
        ] as const)
  return told.map(([spread, blur, strength]) => {
    const coarse = Math.max(1, Math.trunc((blur * unit) / 3))
    return {
      coarse,
      reach: Math.max(1, Math.round((spread * unit) / coarse)),
      blur: Math.max(0.4, (blur * unit) / coarse) * coarse,
      strength,
      colour,
    }
  })
}
