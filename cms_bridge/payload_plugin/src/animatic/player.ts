/** The player: a timeline on a canvas that plays, pauses and goes to any moment. */
import type { TimelinePreview } from '../generated/timeline.ts'
import { loadFaces, MediaLoader } from './media.ts'
import { Painter } from './painter.ts'
import { Sound } from './sound.ts'

export interface PlayerState {
  playing: boolean
  /** Seconds from the film's beginning. */
  seconds: number
}

/** The shorter side of what is drawn, in pixels: more is not seen in a document. */
const lines = 720

export class Player {
  readonly sound = new Sound()
  readonly #canvas: HTMLCanvasElement
  readonly #fontAddress: (file: string) => string
  readonly #listener: (state: PlayerState) => void
  readonly #media = new MediaLoader(() => this.#wake())
  #painter: null | Painter = null
  #timeline: null | TimelinePreview = null
  #seconds = 0
  #playing = false
  #turn = 0
  #request = 0
  /** What the clock of a page that has no sound says at the film's beginning. */
  #origin = 0

  constructor(
    canvas: HTMLCanvasElement,
    fontAddress: (file: string) => string,
    listener: (state: PlayerState) => void,
  ) {
    this.#canvas = canvas
    this.#fontAddress = fontAddress
    this.#listener = listener
  }

  /** Show another timeline at the moment that is shown; what plays goes on with it. */
  async show(timeline: TimelinePreview): Promise<void> {
    this.#turn += 1
    const turn = this.#turn
    await loadFaces(timeline.faces, ({ file }) => this.#fontAddress(file))
    if (turn !== this.#turn) return
    const { height, width } = timeline.canvas
    const scale = lines / Math.min(width, height)
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) }
    if (this.#canvas.width !== size.width || this.#canvas.height !== size.height) {
      Object.assign(this.#canvas, size)
    }
    this.#canvas.lang = timeline.locale
    this.#media.retry()
    this.#painter = new Painter(timeline, this.#media, size)
    this.#timeline = timeline
    this.#seconds = Math.min(this.#seconds, timeline.duration)
    if (this.#playing) await this.#start()
    this.#wake()
  }

  get state(): PlayerState {
    return { playing: this.#playing, seconds: this.#seconds }
  }

  /** Play from where it stands; from the beginning, where it stands at the end. */
  async play(): Promise<void> {
    if (!this.#timeline) return
    if (this.#seconds >= this.#timeline.duration - 1 / this.#timeline.frameRate) this.#seconds = 0
    this.#playing = true
    await this.#start()
    this.#wake()
  }

  pause(): void {
    this.#playing = false
    this.sound.stop()
    this.#wake()
  }

  async seek(seconds: number): Promise<void> {
    if (!this.#timeline) return
    this.#seconds = Math.max(0, Math.min(seconds, this.#timeline.duration))
    if (this.#playing) await this.#start()
    this.#wake()
  }

  close(): void {
    this.#playing = false
    this.#timeline = null
    cancelAnimationFrame(this.#request)
    this.sound.close()
    this.#media.close()
  }

  async #start(): Promise<void> {
    const timeline = this.#timeline
    if (!timeline) return
    this.#origin = performance.now() / 1000 - this.#seconds
    await this.sound.play(timeline, this.#seconds).catch(() => undefined)
    if (!this.#playing) this.sound.stop()
  }

  #wake(): void {
    cancelAnimationFrame(this.#request)
    this.#request = requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    const timeline = this.#timeline
    const context = this.#canvas.getContext('2d')
    if (!timeline || !context) return
    if (this.#playing) {
      this.#seconds = this.sound.seconds ?? performance.now() / 1000 - this.#origin
      if (this.#seconds >= timeline.duration) {
        this.#seconds = timeline.duration
        this.#playing = false
        this.sound.stop()
      }
    }
    const last = timeline.frames - 1
    const frame = Math.floor(this.#seconds * timeline.frameRate + 1e-6)
    this.#media.playing = this.#playing
    this.#painter?.paint(context, Math.max(0, Math.min(frame, last)))
    this.#media.rest()
    this.#listener(this.state)
    if (this.#playing) this.#wake()
  }
}
