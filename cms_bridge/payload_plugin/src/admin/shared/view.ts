/** What the panel says about a video: pure, so that every state can be read off a table. */
import type { Price } from '../../endpoints/price.ts'
import type { VideoStatus } from '../../endpoints/status.ts'
import type { Problem, Status } from '../../generated/events.ts'
import { isKey, isTranslated, type Key, say } from '../../translations/index.ts'
import { isOver } from '../../documents.ts'

export const steps = [
  'step.brief',
  'step.storyboard',
  'step.approval',
  'step.production',
  'step.video',
] as const satisfies readonly Key[]

export type Tone = 'calm' | 'failed' | 'finished' | 'working' | 'yours'

export interface View {
  tone: Tone
  headline: Key
  help?: Key
  /** The index of the present step; as many as there are once all are done. */
  step: number
  /** Percent; absent where there is nothing to measure. */
  progress?: number
  /** Milliseconds until it is worth looking again; 0 when only the editor can change anything. */
  lookAgainMs: number
}

const soon = 1_000
const later = 4_000

const stepOf: Record<Status, number> = {
  pending: 1,
  storyboarding: 1,
  storyboard_complete: 2,
  approved: 3,
  generating: 3,
  composing: 3,
  uploading: 3,
  completed: 5,
  failed: 3,
  cancelled: 1,
}

/** Return what to show; a delivery that waits or was refused comes before everything else. */
export function viewOf(status: VideoStatus): View {
  const { delivery, rendition, stage, storyboard } = status
  const step = rendition ? stepOf[rendition.status] : stage === 'draft' ? 0 : 1
  if (delivery?.state === 'refused') {
    return { tone: 'failed', headline: 'panel.refused', step, lookAgainMs: later }
  }
  if (delivery && delivery.attempts > 1) {
    return {
      tone: 'calm',
      headline: 'panel.waiting',
      help: 'panel.waiting.help',
      step,
      lookAgainMs: soon,
    }
  }
  if (stage === 'draft' && !rendition) {
    return { tone: 'calm', headline: 'panel.draft', help: 'panel.draft.help', step, lookAgainMs: 0 }
  }
  if (!rendition) {
    const headline = stage === 'cancelled' ? 'status.cancelled' : 'panel.submitted'
    const help = stage === 'cancelled' ? {} : { help: 'panel.submitted.help' as const }
    const lookAgainMs = stage === 'cancelled' ? later : soon
    return { tone: 'working', headline, ...help, step, lookAgainMs }
  }
  if (status.retrying) {
    return {
      tone: 'working',
      headline: 'panel.retrying',
      step: stoppedAt(status),
      lookAgainMs: soon,
    }
  }
  const headline: Key = `status.${rendition.status}`
  switch (rendition.status) {
    case 'completed':
      return { tone: 'finished', headline, step, lookAgainMs: delivery ? soon : 0 }
    case 'failed':
      if (needsMore(status)) {
        return {
          tone: 'yours',
          headline: 'panel.needsMore',
          help: 'panel.needsMore.help',
          step: 3,
          lookAgainMs: delivery ? soon : later,
        }
      }
      return {
        tone: 'failed',
        headline,
        step: stoppedAt(status),
        lookAgainMs: delivery ? soon : later,
      }
    case 'cancelled':
      return {
        tone: 'calm',
        headline,
        step: stoppedAt(status),
        lookAgainMs: delivery ? soon : later,
      }
    default:
  }
  if (stage === 'cancelled') {
    return { tone: 'calm', headline: 'panel.cancelling', step, lookAgainMs: soon }
  }
  if (rendition.status === 'pending') return { tone: 'calm', headline, step, lookAgainMs: soon }
  if (rendition.status !== 'storyboard_complete') {
    return { tone: 'working', headline, step, progress: rendition.progress, lookAgainMs: soon }
  }
  if (storyboard?.decision === 'approved') {
    return { tone: 'working', headline: 'panel.approving', step: 3, lookAgainMs: soon }
  }
  return { tone: 'yours', headline, help: 'panel.approve.help', step, lookAgainMs: later }
}

/** Tell whether the work stopped because what was approved does not suffice. */
function needsMore({ rendition }: VideoStatus): boolean {
  return rendition?.status === 'failed' && rendition.error?.code === 'approved_cost_reached'
}

/** Where the work stopped: before the storyboard, or after it was approved. */
function stoppedAt({ storyboard }: VideoStatus): number {
  if (!storyboard) return 1
  return storyboard.decision === 'approved' ? 3 : 2
}

export interface Actions {
  approve: boolean
  /** More than was approved before, for work that stopped there. */
  approveMore: boolean
  cancel: boolean
  resubmit: boolean
  retry: boolean
  submit: boolean
}

/** Return which buttons make sense. */
export function actionsOf(status: VideoStatus): Actions {
  const { delivery, mayApprove, rendition, retrying, stage, storyboard } = status
  const refused = delivery?.state === 'refused'
  const ended = !retrying && (rendition ? isOver(rendition.status) : stage === 'cancelled')
  const neverTaken = refused && !rendition
  // An approval that was refused, such as at a price that is no longer true, may be given again.
  const undecided =
    storyboard?.decision === 'pending' ||
    (storyboard?.decision === 'approved' && refused && delivery.type === 'storyboard.approved')
  return {
    submit: stage === 'draft',
    cancel: stage !== 'cancelled' && status.submission > 0 && !ended && !neverTaken,
    retry: ended && rendition?.status !== 'completed' && status.submission > 0,
    resubmit: stage !== 'draft' && (ended || refused),
    approve:
      mayApprove &&
      stage === 'submitted' &&
      rendition?.status === 'storyboard_complete' &&
      undecided,
    approveMore:
      mayApprove &&
      stage === 'submitted' &&
      needsMore(status) &&
      !retrying &&
      delivery?.state !== 'queued',
  }
}

/** Return what stopped work needs beyond what was approved, and what an approval of it names. */
export function moreOf(
  { rendition }: VideoStatus,
  price: null | Price,
): { more: number; named: null | string } {
  const { approved, more } = rendition?.error?.params ?? {}
  // Without the price of this moment, what the service said when it stopped.
  const named = approved === undefined ? null : (Number(approved) + Number(more)).toFixed(6)
  return price
    ? { more: Number(price.needs), named: price.toApprove }
    : { more: Number(more ?? 0), named }
}

/**
 * Return a warning or an error in the editor's language.
 *
 * The service's own sentence is English and knows most; it also stands where a
 * code is new here, or a value that the translation speaks of is missing.
 */
export function sentenceOf({ code, message, params = {} }: Problem, language: string): string {
  const key = `error.${code}`
  if (!isTranslated(language) || !isKey(key)) return message
  const unit = `unit.${String(params.unit)}`
  const values = isKey(unit) ? { ...params, unit: say(language, unit) } : params
  const sentence = say(language, key, values)
  return /\{\w+\}/.test(sentence) ? message : sentence
}

/** Return an amount of US dollars in words; nothing to pay is said as such. */
export function priceOf(amount: null | string | undefined, language: string): string {
  const dollars = Number(amount ?? 0)
  if (!(dollars > 0)) return say(language, 'panel.free')
  return dollarsOf(dollars, language)
}

/** Return an amount of US dollars in figures; cents are told in parts where there are few. */
export function dollarsOf(dollars: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: dollars > 0 && dollars < 0.1 ? 4 : 2,
  }).format(dollars)
}

/** Return what a storyboard costs: usually, and at most. */
export function wholePriceOf({ estimatedCost, usualCost }: Price, language: string): string {
  return rangeOf(usualCost, estimatedCost, language) ?? say(language, 'panel.free')
}

/** Return what is to be paid now, usually and at most; null where nothing costs anything. */
export function duePriceOf(price: Price, language: string): null | string {
  if (!(Number(price.estimatedCost) > 0)) return null
  const due = rangeOf(price.usualDifference, price.difference, language)
  return due ?? say(language, 'price.nothing')
}

function rangeOf(usual: string, most: string, language: string): null | string {
  if (!(Number(most) > 0)) return null
  const highest = dollarsOf(Number(most), language)
  const normal = dollarsOf(Number(usual), language)
  return normal === highest
    ? highest
    : say(language, 'price.range', { usual: normal, most: highest })
}

/** Tell warnings that wait for a person's word from those that are only to be read. */
export function sortWarnings(warnings: readonly Problem[]): {
  charges: Problem[]
  others: Problem[]
} {
  return {
    charges: warnings.filter(({ code }) => code === 'charge_unknown'),
    others: warnings.filter(({ code }) => code !== 'charge_unknown'),
  }
}

/** Return a point in time as a reader of an account's statement looks for it. */
export function momentOf(time: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(time),
  )
}

/** Return seconds as minutes and seconds, `1:05`. */
export function lengthOf(seconds: number): string {
  const whole = Math.round(seconds)
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, '0')}`
}

/** Return bytes in megabytes, as a reader counts them. */
export function sizeOf(bytes: number, language: string): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'megabyte',
    maximumFractionDigits: 1,
  }).format(bytes / 1_000_000)
}
