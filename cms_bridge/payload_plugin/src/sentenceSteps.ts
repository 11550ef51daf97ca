/** What became of a text's sentences in a later version of it, in the order of both. */
import { lettersOf, type Sentence } from './sentences.ts'

/** The same sentence in both, or another in its place; one that is gone, or is new. */
export type Step =
  | { before: Sentence; now: null }
  | { before: null; now: Sentence }
  | { before: Sentence; now: Sentence }

/** Pairs of sentences that are looked at for the same: past them, all between is another text. */
const mostCompared = 4_000_000
/** And for how much they share, which takes longer: past them, they are paired as they come. */
const mostLikened = 200_000

/** Tell whether the same is said by the same voice. */
export function isSame(one: Sentence, other: Sentence): boolean {
  return (
    one.text === other.text && one.speaker === other.speaker && one.isHeading === other.isHeading
  )
}

/** Return the steps from one version to the other: as many sentences as can be stay the same. */
export function stepsBetween(before: readonly Sentence[], now: readonly Sentence[]): Step[] {
  const alike = (at: number, till: number): boolean => {
    const [one, other] = [before[at], now[till]]
    return one !== undefined && other !== undefined && isSame(one, other)
  }
  const shorter = Math.min(before.length, now.length)
  let begun = 0
  while (begun < shorter && alike(begun, begun)) begun += 1
  let ended = 0
  while (ended < shorter - begun && alike(before.length - 1 - ended, now.length - 1 - ended)) {
    ended += 1
  }
  const pairs = (from: number, till: number): Step[] =>
    before.slice(from, till).flatMap((sentence, index): Step[] => {
      const same = now[from + index]
      return same ? [{ before: sentence, now: same }] : []
    })
  const tail = before.slice(before.length - ended).map((sentence, index): Step => {
    return { before: sentence, now: now[now.length - ended + index] ?? sentence }
  })
  const middle = [before.slice(begun, before.length - ended), now.slice(begun, now.length - ended)]
  return [...pairs(0, begun), ...between(middle[0] ?? [], middle[1] ?? []), ...tail]
}

/** Return the steps between two runs: what stays the same parts what became of the rest. */
function between(before: readonly Sentence[], now: readonly Sentence[]): Step[] {
  const steps: Step[] = []
  let [from, to] = [0, 0]
  for (const [at, till] of commonOf(before, now)) {
    steps.push(...replaced(before.slice(from, at), now.slice(to, till)))
    const [sentence, same] = [before[at], now[till]]
    if (sentence && same) steps.push({ before: sentence, now: same })
    ;[from, to] = [at + 1, till + 1]
  }
  return [...steps, ...replaced(before.slice(from), now.slice(to))]
}

/** Return the places of the longest run of sentences that both hold, in its order. */
function commonOf(before: readonly Sentence[], now: readonly Sentence[]): [number, number][] {
  if (before.length * now.length > mostCompared) return []
  const width = now.length + 1
  const longest = new Uint32Array((before.length + 1) * width)
  const lengthAt = (at: number, till: number): number => longest[at * width + till] ?? 0
  const numbers = new Map<string, number>()
  const numberOf = ({ isHeading, speaker, text }: Sentence): number => {
    const name = [isHeading, speaker, text].join('\n')
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  }
  const [was, is] = [before.map(numberOf), now.map(numberOf)]
  const isCommon = (at: number, till: number): boolean => was[at] === is[till]
  for (let at = before.length - 1; at >= 0; at -= 1) {
    for (let till = now.length - 1; till >= 0; till -= 1) {
      longest[at * width + till] = isCommon(at, till)
        ? lengthAt(at + 1, till + 1) + 1
        : Math.max(lengthAt(at + 1, till), lengthAt(at, till + 1))
    }
  }
  const common: [number, number][] = []
  let [at, till] = [0, 0]
  while (at < before.length && till < now.length) {
    if (isCommon(at, till)) {
      common.push([at, till])
      at += 1
      till += 1
    } else if (lengthAt(at + 1, till) >= lengthAt(at, till + 1)) at += 1
    else till += 1
  }
  return common
}

/**
 * Pair the sentences of a run with those that stand in its place, in their order.
 *
 * Where one run is longer, those of it that share least with the other are gone, or new.
 */
function replaced(before: readonly Sentence[], now: readonly Sentence[]): Step[] {
  const isShorter = before.length <= now.length
  const [few, many] = isShorter ? [before, now] : [now, before]
  const partners = new Map(partnersIn(few, many).map((place, index) => [place, few[index]]))
  const alone = (sentence: Sentence): Step =>
    isShorter ? { before: null, now: sentence } : { before: sentence, now: null }
  return many.map((sentence, index): Step => {
    const partner = partners.get(index)
    if (!partner) return alone(sentence)
    return isShorter ? { before: partner, now: sentence } : { before: sentence, now: partner }
  })
}

/** Return the place of each one's partner among many, such that all share most together. */
function partnersIn(few: readonly Sentence[], many: readonly Sentence[]): number[] {
  if (few.length === many.length || few.length * many.length > mostLikened) {
    return few.map((_, index) => index)
  }
  const width = many.length + 1
  const shared = new Float64Array((few.length + 1) * width).fill(-Infinity)
  shared.fill(0, 0, width)
  const sharedAt = (at: number, till: number): number => shared[at * width + till] ?? -Infinity
  const pairs = many.map(({ text }) => letterPairs(text))
  for (const [at, { text }] of few.entries()) {
    const own = letterPairs(text)
    for (const [till, other] of pairs.entries()) {
      shared[(at + 1) * width + till + 1] = Math.max(
        sharedAt(at + 1, till),
        sharedAt(at, till) + likeness(own, other),
      )
    }
  }
  const partners: number[] = []
  let till = many.length
  for (let at = few.length; at > 0; at -= 1) {
    while (sharedAt(at, till - 1) >= sharedAt(at, till)) till -= 1
    till -= 1
    partners.unshift(till)
  }
  return partners
}

/** The letters that follow one another: words of any script, spaced or not. */
function letterPairs(text: string): Set<string> {
  const letters = Array.from(lettersOf(text))
  return new Set(letters.map((letter, index) => letter + (letters[index + 1] ?? '')))
}

/** Return how much two sentences share, from 0 to 1. */
function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = [...one].filter((pair) => other.has(pair)).length
  return one.size + other.size > 0 ? (2 * shared) / (one.size + other.size) : 0
}
