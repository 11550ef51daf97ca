/** How often a film that could not be played is tried again by itself, before somebody has to ask. */

/** Milliseconds before each try: a store that comes back soon is seen soon, a broken film is left. */
const pausesMs = [5_000, 10_000, 20_000, 40_000, 80_000] as const

/** Return the milliseconds before another try, given those there were; null where there is none. */
export function pauseBefore(tries: number): null | number {
  return pausesMs[tries] ?? null
}
