/** Sound: what is said, at its place in the film. */
import type { ScenePreview, TimelinePreview } from '../generated/timeline.ts'

/** Narrations are fetched and scheduled that many seconds before they are heard. */
const ahead = 12
const everyMs = 1_000

interface Playing {
  timeline: TimelinePreview
  /** The time of the audio clock at which the film began, or would have. */
  origin: number
  scheduled: Set<string>
  sources: AudioBufferSourceNode[]
  timer: ReturnType<typeof setInterval>
}

export class Sound {
  readonly #buffers = new Map<string, Promise<AudioBuffer | null>>()
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
      timeline,
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
    for (const scene of playing.timeline.scenes) {
      const span = scene.narration?.span
      if (!span || playing.scheduled.has(scene.id)) continue
      if (span.start > now + ahead || span.start + span.duration < now) continue
      playing.scheduled.add(scene.id)
      void this.#say(playing, scene)
    }
  }

  async #say(playing: Playing, { narration }: ScenePreview): Promise<void> {
    const context = this.#context
    const volume = this.#volume
    if (!context || !volume || !narration?.asset) return
    const buffer = await this.#buffer(context, narration.asset.contentUrl)
    if (!buffer || this.#playing !== playing) return
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(volume)
    const at = playing.origin + narration.span.start
    const late = Math.max(0, context.currentTime - at)
    if (late >= buffer.duration) return
    source.start(Math.max(at, context.currentTime), late)
    playing.sources.push(source)
  }

  #buffer(context: AudioContext, address: string): Promise<AudioBuffer | null> {
    const known = this.#buffers.get(address)
    if (known) return known
    const loading = fetch(address, { credentials: 'include' })
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error())))
      .then((bytes) => context.decodeAudioData(bytes))
      .catch(() => {
        // Away, or not to be decoded: it is silent, and asked for again the next time.
        this.#buffers.delete(address)
        return null
      })
    this.#buffers.set(address, loading)
    return loading
  }
}
