/** What the panel says about a video: pure, so that every state can be read off a table. */
import { isOver } from '../../documents.ts'
import type { Price, VideoStatus } from '../../endpoints/contract.ts'
import type { Problem, Status } from '../../generated/events.ts'
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
/** Nothing moves by itself, but somebody else may change the storyboard. */
const rarely = 15_000

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

/**
 * How the storyboard stands to the film that can be watched:
 *
 *   unfilmed   there is none yet
 *   filmed     it shows what the storyboard says
 *   telling    the service is being told of an edit, or of an approval
 *   changed    the storyboard was edited since, and waits for approval
 *   making     a new one is being made, and the one before can be watched
 *   stopped    making it failed, or was cancelled; the one before stands
 */
export type Standing = 'changed' | 'filmed' | 'making' | 'stopped' | 'telling' | 'unfilmed'

export function standingOf({ rendition, storyboard }: VideoStatus): Standing {
  const { file, status, storyboardDigest } = rendition ?? {}
  if (!file || !status) return 'unfilmed'
  if (storyboard?.known === 'soon') return 'telling'
  const waits = status === 'storyboard_complete'
  if (!waits && !isOver(status)) return 'making'
  if (storyboard?.known === 'no') return 'changed'
  // Edits that were taken back leave nothing to be made.
  const isOfThis = Boolean(storyboardDigest) && file.storyboardDigest === storyboardDigest
  if (status === 'completed' || isOfThis) return 'filmed'
  return waits ? 'changed' : 'stopped'
}

/** Tell whether the newest event is an edit that came while its film was being made: nothing is lost. */
function cameTooEarly({ delivery, rendition }: VideoStatus): boolean {
  return (
    delivery?.state === 'refused' &&
    (delivery.type === 'storyboard.edited' || delivery.type === 'asset.replaced') &&
    delivery.problem.code === 'illegal_move' &&
    rendition !== null
  )
}

/** Tell whether a cancellation or a new attempt came when all was over already: nothing is amiss. */
function cameTooLate({ delivery, rendition }: VideoStatus): boolean {
  return (
    delivery?.state === 'refused' &&
    (delivery.type === 'video.cancelled' || delivery.type === 'video.retried') &&
    delivery.problem.code === 'illegal_move' &&
    rendition !== null &&
    isOver(rendition.status)
  )
}

/** Return the service's refusal that is to be shown, if there is one. */
export function refusalOf(status: VideoStatus): null | Problem {
  const { delivery } = status
  if (delivery?.state !== 'refused') return null
  return cameTooEarly(status) || cameTooLate(status) ? null : delivery.problem
}

/** Return what changes whenever something of a storyboard, or of what is made of it, may have. */
export function situationOf({ rendition, storyboard }: VideoStatus): string {
  const { file, scenesDone, status, storyboardRevision } = rendition ?? {}
  const { approvedScenes, decision, known, revision } = storyboard ?? {}
  const told = [known, decision, approvedScenes, revision]
  return [status, scenesDone, storyboardRevision, file?.number, ...told].join(' ')
}

/** Tell whether a video waits for the service to take it up. */
export function waits({ delivery, rendition, retrying }: VideoStatus): boolean {
  const status = rendition?.status
  return !delivery && !retrying && (status === 'pending' || status === 'approved')
}

/** Return what to show; a delivery that waits or was refused comes before everything else. */
export function viewOf(status: VideoStatus): View {
  const { delivery, rendition, stage, storyboard } = status
  const step = rendition ? stepOf[rendition.status] : stage === 'draft' ? 0 : 1
  const standing = standingOf(status)
  if (refusalOf(status)) {
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
  if (standing === 'filmed') {
    const headline = 'status.completed'
    return { tone: 'finished', headline, step: 5, pollAfterMs: delivery ? soon : rarely }
  }
  if (standing === 'telling' || (hasEnded(status) && storyboard?.known === 'soon')) {
    const approved = storyboard?.decision === 'approved'
    return {
      tone: 'working',
      headline: approved ? 'panel.approving' : 'panel.changesTold',
      ...(standing === 'telling' && { help: 'panel.filmBefore' as const }),
      step: approved ? 3 : 2,
      pollAfterMs: soon,
    }
  }
  if (standing === 'changed' && (stage !== 'cancelled' || hasEnded(status))) {
    const help = status.mayApprove ? 'panel.changed.help' : 'panel.changed.others'
    const tone = status.mayApprove ? 'yours' : 'calm'
    return { tone, headline: 'panel.changed', help, step: 2, pollAfterMs: later }
  }
  const headline: TranslationKey = `status.${rendition.status}`
  if (isEditedSince(status) && awaitsApproval(status)) {
    return {
      tone: status.mayApprove ? 'yours' : 'calm',
      headline,
      help: status.mayApprove ? 'panel.editedSince' : 'panel.editedSince.others',
      step: 2,
      pollAfterMs: later,
    }
  }
  const filmStands = standing === 'stopped' ? { help: 'panel.filmStands' as const } : {}
  switch (rendition.status) {
    case 'completed':
      return { tone: 'finished', headline, step, pollAfterMs: rarely }
    case 'failed':
      if (approvedCostReached(status)) {
        return {
          tone: status.mayApprove ? 'yours' : 'calm',
          headline: 'panel.needsMore',
          help: status.mayApprove ? 'panel.needsMore.help' : 'panel.needsMore.others',
          step: 3,
          pollAfterMs: delivery ? soon : later,
        }
      }
      return {
        tone: 'failed',
        headline: standing === 'stopped' ? 'panel.changesFailed' : headline,
        ...filmStands,
        step: stepReached(status),
        pollAfterMs: delivery ? soon : later,
      }
    case 'cancelled':
      return {
        tone: 'calm',
        headline: standing === 'stopped' ? 'panel.changesCancelled' : headline,
        ...filmStands,
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
    const help =
      storyboard?.known === 'no'
        ? { help: 'panel.changesWait' as const }
        : standing === 'making'
          ? { help: 'panel.filmBefore' as const }
          : {}
    const { progress } = rendition
    return { tone: 'working', headline, ...help, step, progress, pollAfterMs: soon }
  }
  if (!storyboard) {
    return {
      tone: 'calm',
      headline: 'panel.noStoryboard',
      help: 'panel.noStoryboard.help',
      step: 1,
      pollAfterMs: later,
    }
  }
  if (storyboard.decision === 'approved') {
    return { tone: 'working', headline: 'panel.approving', step: 3, pollAfterMs: soon }
  }
  if (!status.mayApprove) {
    return {
      tone: 'calm',
      headline: 'decision.pending',
      help: 'panel.approve.others',
      step,
      pollAfterMs: later,
    }
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
  /** One by one; where a project has that, the whole only once all are. */
  approveScenes: boolean
  /** More than was approved before, for work that stopped there. */
  approveMore: boolean
  cancel: boolean
  resubmit: boolean
  retry: boolean
  /** Edits of a finished film that are not saved yet, saved and approved at once. */
  revise: boolean
  submit: boolean
}

function hasEnded({ rendition, retrying, stage }: VideoStatus): boolean {
  return !retrying && (rendition ? isOver(rendition.status) : stage === 'cancelled')
}

/** Tell whether people changed the storyboard: to have it drafted anew drops all that is not locked. */
export function isEditedByHand({ storyboard }: VideoStatus): boolean {
  if (!storyboard) return false
  // An approval counts as a revision too.
  return storyboard.revision > (storyboard.decision === 'approved' ? 1 : 0)
}

/** Tell whether the storyboard that is to be approved was deleted, or never came. */
function isWithoutStoryboard({ rendition, storyboard }: VideoStatus): boolean {
  return rendition?.status === 'storyboard_complete' && storyboard === null
}

/** Tell whether nothing is being made, and an edit would be taken. */
function isAtRest(status: VideoStatus): boolean {
  const { rendition, stage } = status
  if (rendition === null) return false
  return hasEnded(status) || (rendition.status === 'storyboard_complete' && stage !== 'cancelled')
}

/**
 * Tell whether a first film came to nothing, and its storyboard was edited since it was approved.
 *
 * To try it again would film what was approved, without the edit, of which the service knows nothing.
 */
export function isEditedSince(status: VideoStatus): boolean {
  const isFirst = standingOf(status) === 'unfilmed'
  return isFirst && hasEnded(status) && status.storyboard?.known === 'no'
}

/** Tell whether a storyboard waits for somebody to approve it. */
export function awaitsApproval(status: VideoStatus): boolean {
  const { delivery, rendition, stage, storyboard } = status
  const standing = standingOf(status)
  // An approval that was refused, such as at a price that is no longer true, may be given again.
  const isRefused = delivery?.state === 'refused' && delivery.type === 'storyboard.approved'
  const undecided =
    storyboard?.decision === 'pending' || (storyboard?.decision === 'approved' && isRefused)
  if (!undecided) return false
  if (isEditedSince(status)) return true
  return standing === 'changed'
    ? isAtRest(status) && (stage === 'submitted' || hasEnded(status))
    : stage === 'submitted' &&
        standing === 'unfilmed' &&
        rendition?.status === 'storyboard_complete'
}

/** Return how many of a storyboard's scenes are approved; at the price of this moment, if known. */
export function approvedScenesOf(
  { storyboard }: VideoStatus,
  price: null | Price,
): { done: number; total: number } {
  const total = storyboard?.scenes ?? 0
  const saved = storyboard?.approvedScenes ?? 0
  if (price?.scenes.length !== total) return { done: saved, total }
  const approved = price.scenes.filter(({ approval }) => approval.state === 'approved')
  return { done: approved.length, total }
}

/** Return which buttons make sense; `price` is that of what is saved. */
export function actionsOf(status: VideoStatus, price: null | Price = null): Actions {
  const { delivery, mayApprove, rendition, retrying, stage, storyboard } = status
  // An edit that waits is no reason to have all drafted anew.
  const refused = refusalOf(status) !== null
  const ended = hasEnded(status)
  const neverTaken = refused && !rendition
  const standing = standingOf(status)
  const mayDecide = mayApprove && awaitsApproval(status)
  const { done, total } = approvedScenesOf(status, price)
  const byScene = storyboard?.byScene === true
  return {
    submit: stage === 'draft',
    cancel:
      stage !== 'cancelled' &&
      status.submission > 0 &&
      !ended &&
      !neverTaken &&
      standing !== 'filmed',
    retry:
      ended &&
      rendition?.status !== 'completed' &&
      status.submission > 0 &&
      standing !== 'filmed' &&
      standing !== 'changed' &&
      // What would be made lacks an edit that the service does not know of, or not yet.
      (storyboard?.known ?? 'yes') === 'yes',
    resubmit: stage !== 'draft' && (ended || refused || isWithoutStoryboard(status)),
    approve: mayDecide && !(byScene && done < total),
    approveScenes: mayDecide && storyboard?.decision === 'pending' && done < total,
    revise:
      mayApprove &&
      !byScene &&
      ['changed', 'filmed', 'stopped'].includes(standing) &&
      isAtRest(status),
    approveMore:
      mayApprove &&
      stage === 'submitted' &&
      approvedCostReached(status) &&
      !awaitsApproval(status) &&
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
