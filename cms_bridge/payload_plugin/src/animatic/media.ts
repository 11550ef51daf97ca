/** Media: the pictures, clips and fonts of a film, loaded as they are asked for. */
import type { Face } from '../generated/timeline.ts'
import type { Media, Picture } from './painter.ts'
import { familyName } from './ruler.ts'

type Loaded<T> = { state: 'failed' | 'loading' } | { state: 'there'; value: T }

/** A clip is moved to another picture where it is further off than that, in seconds. */
const drift = { standing: 0.02, playing: 0.25 }

export class MediaLoader implements Media {
  readonly #pictures = new Map<string, Loaded<Picture>>()
  readonly #clips = new Map<string, HTMLVideoElement>()
  readonly #seen = new Set<HTMLVideoElement>()
  /** Whether time goes on: clips that are seen run by themselves then. */
  playing = false
  readonly #changed: () => void

  /** `changed` is called when there is more to be seen than before. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  picture(address: string): null | Picture {
    const known = this.#pictures.get(address)
    if (known) return known.state === 'there' ? known.value : null
    this.#pictures.set(address, { state: 'loading' })
    const image = new Image()
    image.decoding = 'async'
    image.src = address
    image.decode().then(
      () => {
        const value = { source: image, width: image.naturalWidth, height: image.naturalHeight }
        this.#pictures.set(address, { state: 'there', value })
        this.#changed()
      },
      () => this.#pictures.set(address, { state: 'failed' }),
    )
    return null
  }

  clip(address: string, seconds: number, stands: boolean): null | Picture {
    let clip = this.#clips.get(address)
    if (!clip) {
      clip = document.createElement('video')
      clip.muted = true
      clip.playsInline = true
      clip.preload = 'auto'
      clip.src = address
      clip.addEventListener('loadeddata', this.#changed)
      clip.addEventListener('seeked', this.#changed)
      this.#clips.set(address, clip)
    }
    if (clip.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null
    const wanted = Math.min(seconds, Math.max(0, clip.duration - 0.001))
    this.#seen.add(clip)
    const runs = this.playing && !stands && wanted === seconds
    if (runs && clip.paused) void clip.play().catch(() => undefined)
    if (!runs && !clip.paused) clip.pause()
    const most = runs ? drift.playing : drift.standing
    if (!clip.seeking && Math.abs(clip.currentTime - wanted) > most) clip.currentTime = wanted
    return { source: clip, width: clip.videoWidth, height: clip.videoHeight }
  }

  /** Let clips rest that were not asked for since the last time. */
  rest(): void {
    for (const clip of this.#clips.values()) {
      if (!this.#seen.has(clip) && !clip.paused) clip.pause()
    }
    this.#seen.clear()
  }

  close(): void {
    for (const clip of this.#clips.values()) clip.removeAttribute('src')
    this.#clips.clear()
  }

  /** Forget what failed: it is asked for again. */
  retry(): void {
    for (const [address, { state }] of this.#pictures) {
      if (state === 'failed') this.#pictures.delete(address)
    }
  }
}

const faces = new Map<string, Promise<void>>()

/** Load the faces that words are set in; one that does not come is done without. */
export async function loadFaces(
  wanted: readonly Face[],
  addressOf: (face: Face) => string,
): Promise<void> {
  await Promise.all(
    wanted.map((face) => {
      const address = addressOf(face)
      let loading = faces.get(address)
      if (!loading) {
        loading = load(face, address)
        faces.set(address, loading)
      }
      return loading
    }),
  )
}

async function load({ family, weight }: Face, address: string): Promise<void> {
  const face = new FontFace(familyName(family), `url(${JSON.stringify(address)})`, {
    // What is fallen back to has one weight: a browser is not to make another of it.
    weight: family === 'Inter' ? String(weight) : '1 1000',
  })
  try {
    document.fonts.add(await face.load())
  } catch {
    faces.delete(address)
  }
}
