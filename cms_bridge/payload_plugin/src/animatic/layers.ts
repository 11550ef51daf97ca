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
    context.fillText(run.text, run.left, run.baseline)
  }
}

/** Letters thick and soft: their shadow alone, cast from outside the canvas. */
function drawHalo(
  context: OffscreenCanvasRenderingContext2D,
  runs: readonly Run[],
  { blur, colour, spread, strength }: Halo,
  ruler: Ruler,
  { bottom, left, right, top }: Bounds,
): void {
  const thick = new OffscreenCanvas(right - left, bottom - top)
  const brush = thick.getContext('2d')
  if (!brush) return
  brush.translate(-left, -top)
  drawRuns(brush, runs, ruler, '#000000')
  brush.strokeStyle = '#000000'
  brush.lineJoin = 'round'
  brush.lineCap = 'round'
  brush.lineWidth = 2 * spread
  for (const run of runs) {
    ruler.use(brush, run.type, run.size)
    brush.direction = run.rightToLeft ? 'rtl' : 'ltr'
    brush.strokeText(run.text, run.left, run.baseline)
  }
  const away = 2 * (right - left)
  context.save()
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.shadowColor = withAlpha(colour, strength)
  context.shadowBlur = 2 * blur
  context.shadowOffsetX = away
  context.drawImage(thick, -away, 0)
  context.restore()
}

function boundsOf(
  { halos, plates, runs }: Setting,
  ruler: Ruler,
  size: { width: number; height: number },
): Bounds {
  const grown = Math.max(2, ...halos.map(({ blur, spread }) => spread + 3 * blur))
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
