/** Sound: narrations, music and clips, each at its place in the film and as loud as there. */
import type { TimelinePreview } from '../generated/timeline.ts'
import { integratedLoudness } from './loudness.ts'
import { gainAt, type Part, partsOf } from './parts.ts'

/** Sounds are fetched and scheduled that many seconds before they are heard. */
const ahead = 12
const everyMs = 1_000
/** How many times a second a part's level is told. */
const levels = 200
/** Seconds of a sound by which its loudness is judged. */
const judged = 90

/** A sound that can be played. */
export interface Recording {
  buffer: AudioBuffer
  /** LUFS. */
  loudness: number
}

interface Playing {
  parts: Part[]
  /** The time of the audio clock at which the film began, or would have. */
  origin: number
  scheduled: Set<string>
  sources: AudioBufferSourceNode[]
  timer: ReturnType<typeof setInterval>
}

export class Sound {
  readonly #recordings = new Map<string, Promise<null | Recording>>()
  #context: AudioContext | null = null
  #volume: GainNode | null = null
  #muted = false
  #playing: null | Playing = null

  /** The seconds of the film that are heard now; null while nothing plays. */
  get seconds(): null | number {
    if (!this.#context || !this.#playing) return null
    return this.#context.currentTime - this.#playing.origin
  }

  get muted(): boolean {
    return this.#muted
  }

  set muted(muted: boolean) {
    this.#muted = muted
    if (this.#volume) this.#volume.gain.value = muted ? 0 : 1
  }

  /** Play from a time; it is to be called by a click or a key, or browsers keep silent. */
  async play(timeline: TimelinePreview, from: number): Promise<void> {
    this.stop()
    this.#context ??= new AudioContext()
    if (!this.#volume) {
      this.#volume = this.#context.createGain()
      this.#volume.connect(this.#context.destination)
      this.muted = this.#muted
    }
    await this.#context.resume()
    const playing: Playing = {
      parts: partsOf(timeline),
      origin: this.#context.currentTime - from,
      scheduled: new Set(),
      sources: [],
      timer: setInterval(() => this.#schedule(playing), everyMs),
    }
    this.#playing = playing
    this.#schedule(playing)
  }

  stop(): void {
    if (!this.#playing) return
    clearInterval(this.#playing.timer)
    for (const source of this.#playing.sources) source.stop()
    this.#playing = null
  }

  close(): void {
    this.stop()
    void this.#context?.close()
    this.#context = null
  }

  #schedule(playing: Playing): void {
    const now = this.seconds
    if (now === null) return
    for (const part of playing.parts) {
      if (playing.scheduled.has(part.key) || part.start > now + ahead || part.end < now) continue
      playing.scheduled.add(part.key)
      void this.#play(playing, part)
    }
  }

  async #play(playing: Playing, part: Part): Promise<void> {
    const context = this.#context
    const volume = this.#volume
    if (!context || !volume) return
    const recording = await this.#recording(context, part.address)
    if (!recording || this.#playing !== playing) return
    const source = playPart(context, volume, part, recording, playing.origin)
    if (source) playing.sources.push(source)
  }

  #recording(context: AudioContext, address: string): Promise<null | Recording> {
    const known = this.#recordings.get(address)
    if (known) return known
    const loading = fetch(address, { credentials: 'include' })
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error())))
      .then(async (bytes) => record(await context.decodeAudioData(bytes)))
      .catch(() => {
        // Away, or not to be decoded: it is silent, and asked for again the next time.
        this.#recordings.delete(address)
        return null
      })
    this.#recordings.set(address, loading)
    return loading
  }
}

/** Measure a sound. */
export function record(buffer: AudioBuffer): Recording {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) =>
    buffer.getChannelData(index).subarray(0, judged * buffer.sampleRate),
  )
  return { buffer, loudness: integratedLoudness({ channels, rate: buffer.sampleRate }) }
}

/**
 * Schedule a part from where the film stands, which began at `origin` of the context's clock; null
 * where nothing of it is left to be heard.
 */
export function playPart(
  context: BaseAudioContext,
  out: AudioNode,
  part: Part,
  { buffer, loudness }: Recording,
  origin: number,
): AudioBufferSourceNode | null {
  const begin = Math.max(origin + part.start, context.currentTime)
  const from = begin - origin
  const passed = part.offset + from - part.start
  const seconds = part.end - from
  if (seconds <= 0 || (!part.loops && passed >= buffer.duration)) return null
  const source = context.createBufferSource()
  source.buffer = buffer
  source.loop = part.loops
  const gain = context.createGain()
  const curve = Float32Array.from(
    { length: Math.max(2, Math.ceil(seconds * levels) + 1) },
    (_, index, count = Math.max(1, Math.ceil(seconds * levels))) =>
      gainAt(part, from + (index / count) * seconds, loudness),
  )
  gain.gain.setValueCurveAtTime(curve, begin, seconds)
  source.connect(gain).connect(out)
  source.start(begin, part.loops ? passed % buffer.duration : passed)
  source.stop(begin + seconds)
  return source
}
