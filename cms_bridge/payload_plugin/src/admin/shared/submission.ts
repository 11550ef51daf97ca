/** What the panel says about a video: pure, so that every state can be read off a table. */
import { isOver } from '../../documents.ts'
import type { Price, VideoStatus } from '../../endpoints/contract.ts'
import type { Status } from '../../generated/events.ts'
import type { TranslationKey } from '../../translations/index.ts'

export const steps = [
  'step.brief',
  'step.storyboard',
  'step.approval',
  'step.production',
  'step.video',
] as const satisfies readonly TranslationKey[]

export type Tone = 'calm' | 'failed' | 'finished' | 'working' | 'yours'

export interface View {
  tone: Tone
  headline: TranslationKey
  help?: TranslationKey
  /** The index of the present step; as many as there are once all are done. */
  step: number
  /** Percent; absent where there is nothing to measure. */
  progress?: number
  /** Milliseconds until it is worth looking again; 0 when only the editor can change anything. */
  pollAfterMs: number
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
    return { tone: 'failed', headline: 'panel.refused', step, pollAfterMs: later }
  }
  if (delivery && delivery.attempts > 1) {
    return {
      tone: 'calm',
      headline: 'panel.waiting',
      help: 'panel.waiting.help',
      step,
      pollAfterMs: soon,
    }
  }
  if (stage === 'draft' && !rendition) {
    return { tone: 'calm', headline: 'panel.draft', help: 'panel.draft.help', step, pollAfterMs: 0 }
  }
  if (!rendition) {
    const headline = stage === 'cancelled' ? 'status.cancelled' : 'panel.submitted'
    const help = stage === 'cancelled' ? {} : { help: 'panel.submitted.help' as const }
    const pollAfterMs = stage === 'cancelled' ? later : soon
    return { tone: 'working', headline, ...help, step, pollAfterMs }
  }
  if (status.retrying) {
    return {
      tone: 'working',
      headline: 'panel.retrying',
      step: stepReached(status),
      pollAfterMs: soon,
    }
  }
  const headline: TranslationKey = `status.${rendition.status}`
  switch (rendition.status) {
    case 'completed':
      return { tone: 'finished', headline, step, pollAfterMs: delivery ? soon : 0 }
    case 'failed':
      if (approvedCostReached(status)) {
        return {
          tone: 'yours',
          headline: 'panel.needsMore',
          help: 'panel.needsMore.help',
          step: 3,
          pollAfterMs: delivery ? soon : later,
        }
      }
      return {
        tone: 'failed',
        headline,
        step: stepReached(status),
        pollAfterMs: delivery ? soon : later,
      }
    case 'cancelled':
      return {
        tone: 'calm',
        headline,
        step: stepReached(status),
        pollAfterMs: delivery ? soon : later,
      }
    default:
  }
  if (stage === 'cancelled') {
    return { tone: 'calm', headline: 'panel.cancelling', step, pollAfterMs: soon }
  }
  if (rendition.status === 'pending') return { tone: 'calm', headline, step, pollAfterMs: soon }
  if (rendition.status !== 'storyboard_complete') {
    return { tone: 'working', headline, step, progress: rendition.progress, pollAfterMs: soon }
  }
  if (storyboard?.decision === 'approved') {
    return { tone: 'working', headline: 'panel.approving', step: 3, pollAfterMs: soon }
  }
  return { tone: 'yours', headline, help: 'panel.approve.help', step, pollAfterMs: later }
}

/** Tell whether the work stopped because what was approved does not suffice. */
function approvedCostReached({ rendition }: VideoStatus): boolean {
  return rendition?.status === 'failed' && rendition.error?.code === 'approved_cost_reached'
}

/** Where the work stopped: before the storyboard, or after it was approved. */
function stepReached({ storyboard }: VideoStatus): number {
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
      approvedCostReached(status) &&
      !retrying &&
      delivery?.state !== 'queued',
  }
}

/** Return what stopped work needs beyond what was approved, and what an approval of it names. */
export function shortfallOf(
  { rendition }: VideoStatus,
  price: null | Price,
): { amount: number; toApprove: null | string } {
  const { approved, more } = rendition?.error?.params ?? {}
  // Without the price of this moment, what the service said when it stopped.
  const toApprove = approved === undefined ? null : (Number(approved) + Number(more)).toFixed(6)
  return price
    ? { amount: Number(price.needs), toApprove: price.toApprove }
    : { amount: Number(more ?? 0), toApprove }
}
