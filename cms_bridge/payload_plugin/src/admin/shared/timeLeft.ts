/** How long work will still take, by how fast it went until now: an estimate, or nothing. */
import type { Status } from '../../generated/events.ts'

/** How far a job was at a moment. */
export interface Sample {
  /** Milliseconds, by the service's clock. */
  at: number
  status: Status
  /** Percent of the whole. */
  progress: number
}

/**
 * Percent of the whole at which a status ends, as the service counts them.
 *
 * Each goes at a pace of its own: pictures wait for models, frames are encoded here. So nothing is
 * said of one by the other.
 */
export const ends: Partial<Record<Status, number>> = { generating: 40, composing: 92 }

/** What happened longer ago says little of what comes. */
const windowMs = 10 * 60_000
const leastMs = 15_000
const leastSteps = 3
const leastGain = 4
/** How much faster one half of the time may have been than the other. */
const mostUneven = 4

/**
 * Return the seconds until the present status ends; null where that cannot be told honestly.
 *
 * `quietMs` is how long nothing more was heard since the last sample.
 */
export function secondsLeft(samples: readonly Sample[], quietMs: number): null | number {
  const last = samples.at(-1)
  const end = last && ends[last.status]
  if (!last || end === undefined) return null
  const steps = stepsOf(samples, last)
  const [first] = steps
  const middle = steps[Math.floor(steps.length / 2)]
  const newest = steps.at(-1)
  if (!first || !middle || !newest || steps.length < leastSteps) return null

  const pace = paceOf(first, newest)
  const halves = [paceOf(first, middle), paceOf(middle, newest)]
  const isLong = newest.at - first.at >= leastMs && newest.progress - first.progress >= leastGain
  const isSteady = Math.max(...halves) <= mostUneven * Math.min(...halves)
  if (!isLong || !isSteady) return null

  // What takes far longer than a step did so far goes at another pace now.
  const waitedMs = last.at - newest.at + Math.max(quietMs, 0)
  const stepMs = (newest.at - first.at) / (steps.length - 1)
  if (waitedMs > mostUneven * stepMs) return null
  return Math.max(((end - newest.progress) / pace - waitedMs) / 1_000, 0)
}

/** Return when each further percent of the present status was reached. */
function stepsOf(samples: readonly Sample[], last: Sample): Sample[] {
  const steps: Sample[] = []
  for (const sample of samples) {
    const isPresent = sample.status === last.status && sample.at >= last.at - windowMs
    const before = steps.at(-1)
    // Begun anew by another worker: what went before is no measure.
    if (before && sample.progress < before.progress) steps.length = 0
    if (isPresent && sample.progress > (steps.at(-1)?.progress ?? -1)) steps.push(sample)
  }
  return steps
}

/** Return percent a millisecond. */
const paceOf = (from: Sample, to: Sample): number =>
  (to.progress - from.progress) / Math.max(to.at - from.at, 1)
