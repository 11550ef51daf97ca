/** Layers: words as they are set, drawn once and laid over many frames. */
import type { Context, Ruler } from './ruler.ts'
import type { Halo, Run, Setting } from './typesetting.ts'

export interface Layer {
  canvas: OffscreenCanvas
  left: number
  top: number
}

interface Bounds {
  left: number
  top: number
  right: number
  bottom: number
}

/** Draw a setting; null where there is nothing of it on a canvas of that size. */
export function layerOf(
  setting: Setting,
  ruler: Ruler,
  size: { width: number; height: number },
): Layer | null {
  const bounds = boundsOf(setting, ruler, size)
  const width = bounds.right - bounds.left
  const height = bounds.bottom - bounds.top
  if (width <= 0 || height <= 0) return null
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (!context) return null
  context.translate(-bounds.left, -bounds.top)
  for (const plate of setting.plates) {
    context.fillStyle = plate.colour
    context.beginPath()
    context.roundRect(plate.left, plate.top, plate.width, plate.height, plate.radius)
    context.fill()
  }
  for (const halo of setting.halos) drawHalo(context, setting.runs, halo, ruler, bounds)
  drawRuns(context, setting.runs, ruler)
  return { canvas, left: bounds.left, top: bounds.top }
}

function drawRuns(context: Context, runs: readonly Run[], ruler: Ruler, colour?: string): void {
  for (const run of runs) {
    ruler.use(context, run.type, run.size)
    context.direction = run.rightToLeft ? 'rtl' : 'ltr'
    context.fillStyle = colour ?? run.colour
    if (!run.seen) {
      context.fillText(run.text, run.left, run.baseline)
      continue
    }
    const [from, to] = run.seen
    context.save()
    context.beginPath()
    context.rect(from, run.baseline - 2 * run.size, to - from, 4 * run.size)
    context.clip()
    context.fillText(run.text, run.left, run.baseline)
    context.restore()
  }
}

/** Letters thick and soft: their shadow alone, cast from outside the canvas. */
function drawHalo(
  context: OffscreenCanvasRenderingContext2D,
  runs: readonly Run[],
  { blur, coarse, colour, reach, strength }: Halo,
  ruler: Ruler,
  { bottom, left, right, top }: Bounds,
): void {
  const width = right - left
  const letters = new OffscreenCanvas(width, bottom - top)
  const brush = letters.getContext('2d')
  if (!brush) return
  brush.translate(-left, -top)
  drawRuns(brush, runs, ruler, '#000000')
  const thick = thickened(letters, brush, coarse, reach)
  if (!thick) return
  const away = 2 * width
  context.save()
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.imageSmoothingQuality = 'medium'
  context.shadowColor = withAlpha(colour, strength)
  context.shadowBlur = 2 * blur
  context.shadowOffsetX = away
  context.drawImage(thick, -away, 0, thick.width * coarse, thick.height * coarse)
  context.restore()
}

/** Return letters in coarse pixels, each as dense as the densest within reach of it. */
function thickened(
  letters: OffscreenCanvas,
  context: OffscreenCanvasRenderingContext2D,
  coarse: number,
  reach: number,
): null | OffscreenCanvas {
  const across = Math.ceil(letters.width / coarse)
  const down = Math.ceil(letters.height / coarse)
  const fine = context.getImageData(0, 0, letters.width, letters.height).data
  const means = new Float32Array(across * down)
  for (let y = 0; y < letters.height; y += 1) {
    const row = Math.floor(y / coarse) * across
    for (let x = 0; x < letters.width; x += 1) {
      const at = row + Math.floor(x / coarse)
      means[at] = (means[at] ?? 0) + (fine[(y * letters.width + x) * 4 + 3] ?? 0) / coarse ** 2
    }
  }
  const canvas = new OffscreenCanvas(across, down)
  const target = canvas.getContext('2d')
  if (!target) return null
  const thick = target.createImageData(across, down)
  for (let dy = -reach; dy <= reach; dy += 1) {
    const wide = Math.round(reach * Math.sqrt(1 - (dy / reach) ** 2))
    for (let y = Math.max(0, dy); y < Math.min(down, down + dy); y += 1) {
      for (let x = 0; x < across; x += 1) {
        const to = (y * across + x) * 4 + 3
        let most = thick.data[to] ?? 0
        const last = Math.min(across - 1, x + wide)
        for (let from = Math.max(0, x - wide); from <= last; from += 1) {
          most = Math.max(most, means[(y - dy) * across + from] ?? 0)
        }
        thick.data[to] = most
      }
    }
  }
  target.putImageData(thick, 0, 0)
  return canvas
}

function boundsOf(
  { halos, plates, runs }: Setting,
  ruler: Ruler,
  size: { width: number; height: number },
): Bounds {
  const grown = Math.max(2, ...halos.map(({ blur, coarse, reach }) => reach * coarse + 3 * blur))
  const boxes = [...plates, ...runs.map((run) => ruler.ink(run))]
  return {
    left: Math.max(0, Math.floor(Math.min(...boxes.map((box) => box.left)) - grown)),
    top: Math.max(0, Math.floor(Math.min(...boxes.map((box) => box.top)) - grown)),
    right: Math.min(
      size.width,
      Math.ceil(Math.max(...boxes.map((box) => box.left + box.width)) + grown),
    ),
    bottom: Math.min(
      size.height,
      Math.ceil(Math.max(...boxes.map((box) => box.top + box.height)) + grown),
    ),
  }
}

const withAlpha = (colour: string, alpha: number): string =>
  colour +
  Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')
