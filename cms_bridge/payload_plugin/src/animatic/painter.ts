/** The painter: one frame of a timeline on a canvas, by the engine's own numbers. */
import type {
  ClipView,
  Gradient,
  ScenePreview,
  StillView,
  TextLook,
  TimelinePreview,
  TransitionPreview,
} from '../generated/timeline.ts'
import { layerOf, type Layer } from './layers.ts'
import { type Moment, momentAt, type Shown, smoothstep, windowAt, type Words } from './moments.ts'
import { Plates } from './plates.ts'
import { type Context, Ruler } from './ruler.ts'
import { type Job, setCaption, setText, type Setting } from './typesetting.ts'

/** Whatever a canvas can draw, with its own size. */
export interface Picture {
  source: CanvasImageSource
  width: number
  height: number
}

/** What the painter asks for; null for what is not there, or not there yet. */
export interface Media {
  picture: (address: string) => null | Picture
  /** A clip's picture at a time in it; `stands` once its last one is held. */
  clip: (address: string, seconds: number, stands: boolean) => null | Picture
}

export interface Size {
  width: number
  height: number
}

const keptLayers = 48
const whole = { left: 0, top: 0, width: 1, height: 1 }
/** Times the frame's size that the camera goes over: the engine's own. */
const enlarged = 1.5
const black = '#000000'
const wipeStops = 24

export class Painter {
  readonly #timeline: TimelinePreview
  readonly #media: Media
  readonly #size: Size
  readonly #ruler: Ruler
  readonly #layers = new Map<string, Layer>()
  readonly #plates = new Plates()
  /** Where a picture stands until another has given way to it. */
  readonly #aside: OffscreenCanvas

  constructor(timeline: TimelinePreview, media: Media, size: Size) {
    this.#timeline = timeline
    this.#media = media
    this.#size = size
    this.#aside = new OffscreenCanvas(size.width, size.height)
    this.#ruler = new Ruler(contextOf(new OffscreenCanvas(1, 1)), timeline.faces)
  }

  /** Paint a frame, counted from the film's first. */
  paint(context: Context, frame: number): void {
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.globalAlpha = 1
    context.globalCompositeOperation = 'source-over'
    context.imageSmoothingEnabled = true
    context.imageSmoothingQuality = 'high'
    context.fillStyle = black
    context.fillRect(0, 0, this.#size.width, this.#size.height)
    const moment = momentAt(this.#timeline, frame)
    if (!moment) return
    this.#pictures(context, moment)
    this.#logo(context)
    for (const words of moment.words) {
      const layer = this.#layer(words)
      context.globalAlpha = words.kind === 'text' ? words.opacity : 1
      if (layer) context.drawImage(layer.canvas, layer.left, layer.top)
    }
    context.globalAlpha = 1
    this.#label(context)
  }

  #pictures(context: Context, { coming, leading }: Moment): void {
    this.#view(context, leading)
    if (!coming) return
    const { transition } = coming
    const { height, width } = this.#size
    if (transition.kind === 'fade') {
      if (coming.share >= 1 / 2) this.#view(context, coming)
      context.globalAlpha = 1 - Math.abs(1 - 2 * coming.share)
      context.fillStyle = transition.colour ?? black
      context.fillRect(0, 0, width, height)
      context.globalAlpha = 1
      return
    }
    const aside = contextOf(this.#aside)
    aside.setTransform(1, 0, 0, 1, 0, 0)
    aside.globalCompositeOperation = 'source-over'
    aside.imageSmoothingQuality = 'high'
    this.#view(aside, coming)
    const [way, direction] = transition.kind.split('_')
    if (way === 'slide') {
      const [across, down] = directions[direction ?? 'left'] ?? [0, 0]
      const before = new OffscreenCanvas(width, height)
      contextOf(before).drawImage(context.canvas, 0, 0)
      const gone = coming.progress
      context.drawImage(before, across * gone * width, down * gone * height)
      context.drawImage(this.#aside, across * (gone - 1) * width, down * (gone - 1) * height)
    } else {
      if (way === 'wipe') mask(aside, transition, coming.progress, direction ?? 'right', this.#size)
      context.globalAlpha = way === 'wipe' ? 1 : coming.share
      context.drawImage(this.#aside, 0, 0)
    }
    context.globalAlpha = 1
  }

  #view(context: Context, { frame, scene }: Shown): void {
    const { view } = scene
    const { height, width } = this.#size
    switch (view.kind) {
      case 'solid':
        context.fillStyle = view.colour
        context.fillRect(0, 0, width, height)
        break
      case 'gradient':
        context.fillStyle = gradient(context, view, this.#size)
        context.fillRect(0, 0, width, height)
        break
      case 'still': {
        const picture = view.asset && this.#media.picture(view.asset.contentUrl)
        if (picture) this.#still(context, view, picture, frame)
        else this.#card(context, scene, view.prompt)
        break
      }
      case 'clip': {
        const passed = frame / this.#timeline.frameRate
        const picture = this.#media.clip(
          view.asset.contentUrl,
          view.trimStart + Math.min(passed, view.duration),
          passed >= view.duration,
        )
        if (picture) this.#clip(context, view, picture)
        else this.#card(context, scene, '')
      }
    }
  }

  #still(
    context: Context,
    { asset, keyframes, ...view }: StillView,
    picture: Picture,
    frame: number,
  ): void {
    const seen = windowAt(keyframes, frame)
    const { height, width } = this.#size
    const size = { width: Math.round(enlarged * width), height: Math.round(enlarged * height) }
    const plate = this.#plates.of(asset?.contentUrl ?? '', view.crop, picture, size)
    const { crop, shown } = plate
      ? { crop: whole, shown: plate }
      : { crop: view.crop, shown: picture }
    const across = width / (seen.size * crop.width * shown.width)
    const down = height / (seen.size * crop.height * shown.height)
    const left = (crop.left + seen.left * crop.width) * shown.width
    const top = (crop.top + seen.top * crop.height) * shown.height
    context.imageSmoothingQuality = plate ? 'low' : 'high'
    context.setTransform(across, 0, 0, down, -left * across, -top * down)
    context.drawImage(shown.source, 0, 0)
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.imageSmoothingQuality = 'high'
  }

  #clip(context: Context, { fit, focus, surround }: ClipView, picture: Picture): void {
    const { height, width } = this.#size
    context.fillStyle = surround
    context.fillRect(0, 0, width, height)
    const scales = [width / picture.width, height / picture.height] as const
    const scale = fit === 'cover' ? Math.max(...scales) : Math.min(...scales)
    const wide = picture.width * scale
    const high = picture.height * scale
    const at = fit === 'cover' ? { x: focus.x ?? 0.5, y: focus.y ?? 0.5 } : { x: 0.5, y: 0.5 }
    // The focus as near the middle as the picture reaches.
    const place = (share: number, room: number, long: number): number =>
      fit === 'cover'
        ? Math.min(0, Math.max(room - long, room / 2 - share * long))
        : (room - long) / 2
    context.drawImage(
      picture.source,
      place(at.x, width, wide),
      place(at.y, height, high),
      wide,
      high,
    )
  }

  /** The logo, fitted whole into its box and against its corner. */
  #logo(context: Context): void {
    const { canvas, logo } = this.#timeline
    const picture = logo?.asset && this.#media.picture(logo.asset.contentUrl)
    if (!logo || !picture) return
    const { box, corner, opacity } = logo
    const scale = Math.min(box.width / picture.width, box.height / picture.height)
    const wide = Math.max(1, Math.round(picture.width * scale))
    const high = Math.max(1, Math.round(picture.height * scale))
    const left = corner.endsWith('left') ? box.left : box.left + box.width - wide
    const top = corner.startsWith('top') ? box.top : box.top + box.height - high
    const share = this.#size.width / canvas.width
    context.globalAlpha = opacity
    context.drawImage(picture.source, left * share, top * share, wide * share, high * share)
    context.globalAlpha = 1
  }

  /** The words that say a film was made with AI, in their corner above all else. */
  #label(context: Context): void {
    const { label } = this.#timeline
    if (!label) return
    const { look, rightToLeft, text, wording } = label
    const layer = this.#kept('label', () =>
      setCaption([text], wording, { ...this.#job(look), rightToLeft }, this.#ruler),
    )
    if (layer) context.drawImage(layer.canvas, layer.left, layer.top)
  }

  /** What stands for a picture that nobody has made yet: its prompt. */
  #card(context: Context, { number }: ScenePreview, prompt: string): void {
    const { height, width } = this.#size
    const { palette } = this.#timeline
    const unit = Math.min(width, height) / 100
    context.fillStyle = palette.background ?? black
    context.fillRect(0, 0, width, height)
    context.fillStyle = palette.accent ?? '#ffffff'
    const rightToLeft = beginsRightToLeft.test(prompt)
    const edge = rightToLeft ? width - 8 * unit : 8 * unit
    context.fillRect(rightToLeft ? edge - 10 * unit : edge, 12 * unit, 10 * unit, 0.8 * unit)
    context.fillStyle = palette.foreground ?? '#ffffff'
    this.#ruler.use(context, { voice: 'plain', script: 'plain' }, 3.6 * unit)
    // As its letters run, whatever the language of the admin around it.
    context.direction = rightToLeft ? 'rtl' : 'ltr'
    context.textAlign = rightToLeft ? 'right' : 'left'
    context.globalAlpha = 0.75
    const words = `${String(number)}  ${prompt}`.split(/\s+/)
    const lines: string[] = []
    for (const word of words) {
      const line = lines.at(-1)
      const longer = line === undefined ? word : `${line} ${word}`
      if (line === undefined || context.measureText(longer).width > width - 16 * unit)
        lines.push(word)
      else lines[lines.length - 1] = longer
    }
    for (const [row, line] of lines.slice(0, 6).entries()) {
      context.fillText(line, edge, (20 + row * 5.4) * unit)
    }
    context.globalAlpha = 1
    context.textAlign = 'left'
  }

  #layer(words: Words): Layer | null {
    return this.#kept(keyOf(words), () => this.#setting(words))
  }

  #kept(key: string, set: () => Setting): Layer | null {
    const kept = this.#layers.get(key)
    if (kept) return kept
    const layer = layerOf(set(), this.#ruler, this.#size)
    if (!layer) return null
    this.#layers.set(key, layer)
    const oldest = this.#layers.keys().next()
    if (this.#layers.size > keptLayers && !oldest.done) this.#layers.delete(oldest.value)
    return layer
  }

  #job(look: TextLook): Omit<Job, 'rightToLeft'> {
    const scale = this.#size.width / this.#timeline.canvas.width
    return {
      look,
      scale,
      zone: {
        left: Math.round(look.zone.left * scale),
        top: Math.round(look.zone.top * scale),
        width: Math.round(look.zone.width * scale),
        height: Math.round(look.zone.height * scale),
      },
      unit: Math.min(this.#size.width, this.#size.height) / 100,
    }
  }

  #setting(words: Words): Setting {
    const job = this.#job(words.kind === 'text' ? words.text.look : this.#timeline.captions.look)
    switch (words.kind) {
      case 'text': {
        const { rightToLeft, style, wordings } = words.text
        return setText(wordings, { ...job, rightToLeft, isTitle: style === 'title' }, this.#ruler)
      }
      case 'caption': {
        const { rightToLeft, text, wording } = words.cue
        return setCaption(text.split('\n'), wording, { ...job, rightToLeft }, this.#ruler)
      }
      case 'page': {
        const { rightToLeft, words: parts } = words.page
        const pieces = parts.map(({ text }) => text)
        return setCaption(
          [pieces.join('')],
          { ...words.cue.wording, pieces },
          { ...job, rightToLeft, words: pieces, lit: words.lit },
          this.#ruler,
        )
      }
    }
  }
}

/** The first letter of a text is one that runs from right to left. */
const beginsRightToLeft = /^\P{L}*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u

const directions: Record<string, readonly [across: number, down: number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
}

/** Leave of a picture what a wipe has uncovered; its edge is soft. */
function mask(
  context: OffscreenCanvasRenderingContext2D,
  { softness }: TransitionPreview,
  progress: number,
  direction: string,
  { height, width }: Size,
): void {
  const [across, down] = directions[direction] ?? [1, 0]
  const length = across ? width : height
  const soft = Math.max(2, softness * length)
  // From just outside one border to just outside the other.
  const edge = (length + soft) * progress - soft / 2
  const [from, to] = [edge - soft / 2, edge + soft / 2]
  const place = (at: number): number => (across + down < 0 ? length - at : at)
  const shades = across
    ? context.createLinearGradient(place(from), 0, place(to), 0)
    : context.createLinearGradient(0, place(from), 0, place(to))
  for (let stop = 0; stop <= wipeStops; stop += 1) {
    const share = stop / wipeStops
    shades.addColorStop(share, `rgba(0, 0, 0, ${String(1 - smoothstep(share))})`)
  }
  context.globalCompositeOperation = 'destination-in'
  context.fillStyle = shades
  context.fillRect(0, 0, width, height)
  context.globalCompositeOperation = 'source-over'
}

function gradient(
  context: Context,
  { angle = 90, end, start }: Gradient,
  { height, width }: Size,
): CanvasGradient {
  const right = Math.sin((angle * Math.PI) / 180)
  const down = -Math.cos((angle * Math.PI) / 180)
  const half = (width * Math.abs(right) + height * Math.abs(down)) / 2
  const [x, y] = [width / 2, height / 2]
  const shades = context.createLinearGradient(
    x - right * half,
    y - down * half,
    x + right * half,
    y + down * half,
  )
  shades.addColorStop(0, start)
  shades.addColorStop(1, end)
  return shades
}

function keyOf(words: Words): string {
  switch (words.kind) {
    case 'text':
      return `text ${words.text.style} ${words.text.paragraphs.join('\n')}`
    case 'caption':
      return `caption ${words.cue.text}`
    case 'page':
      return `page ${words.page.words.map(({ text }) => text).join('|')} ${String(words.lit)}`
  }
}

export function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d')
  if (!context) throw new Error('This browser draws no pictures.')
  return context
}
