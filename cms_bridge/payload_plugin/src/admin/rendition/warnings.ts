/** A rendition's warnings, by what they ask of whoever reads them. */
import type { Problem } from '../../generated/events.ts'

/** Tell warnings that wait for a person's word from those that are only to be read. */
export function splitWarnings(warnings: readonly Problem[]): {
  charges: Problem[]
  others: Problem[]
} {
  return {
    charges: warnings.filter(({ code }) => code === 'charge_unknown'),
    others: warnings.filter(({ code }) => code !== 'charge_unknown'),
  }
}
