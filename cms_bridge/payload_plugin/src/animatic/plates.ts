/** Plates: pictures brought to the size at which they are used, as the engine brings them. */
import type { CropBox } from '../generated/timeline.ts'
import type { Picture, Size } from './painter.ts'

/** Of a film a few are seen at a time; the others wait for whoever goes back and forth. */
const most = 8

/** The plates in use, by the picture's address and what of it they show. */
export class Plates {
  readonly #plates = new Map<string, { of: CanvasImageSource; plate: Picture }>()

  /** Return a part of a picture, reduced to a size; null where the part is smaller than that. */
  of(address: string, part: CropBox, picture: Picture, size: Size): null | Picture {
    const { height, left, top, width } = part
    if (width * picture.width < size.width || height * picture.height < size.height) return null
    const key = [address, left, top, width, height, size.width, size.height].join(' ')
    const kept = this.#plates.get(key)
    this.#plates.delete(key)
    const plate = kept?.of === picture.source ? kept.plate : reduced(picture, part, size)
    this.#plates.set(key, { of: picture.source, plate })
    const oldest = this.#plates.keys().next()
    if (this.#plates.size > most && !oldest.done) this.#plates.delete(oldest.value)
    return plate
  }
}

/**
 * Reduce a part of a picture. A browser's one step is softer than the engine's, or aliases: after
 * a first step of less than a half, halves let each sample count as much.
 */
function reduced({ height, source, width }: Picture, part: CropBox, size: Size): Picture {
  let from = source
  let [left, top] = [part.left * width, part.top * height]
  let [across, down] = [part.width * width, part.height * height]
  let halves = Math.floor(Math.log2(Math.min(across / size.width, down / size.height)))
  for (;;) {
    const canvas = new OffscreenCanvas(size.width * 2 ** halves, size.height * 2 ** halves)
    const context = canvas.getContext('2d')
    if (!context) throw new Error('This browser draws nothing.')
    context.imageSmoothingQuality = 'low'
    context.drawImage(from, left, top, across, down, 0, 0, canvas.width, canvas.height)
    if (halves === 0) return { source: canvas, ...size }
    halves -= 1
    from = canvas
    ;[left, top, across, down] = [0, 0, canvas.width, canvas.height]
  }
}
