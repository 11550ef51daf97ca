/**
 * A changed script taken over into the storyboard that was drafted from it.
 *
 * Both scripts are compared sentence by sentence, and each sentence is looked for in the scenes: one
 * that was replaced is replaced where it is said, one that is gone goes, and a new one follows the
 * one before it. Nothing is guessed: what cannot be found there, or may not be touched, is told and
 * left to the editor.
 */
import type { SceneRow, SpeakerRow } from './documents.ts'
import { heard, lettersOf, narrated, scripted, type Sentence } from './sentences.ts'
import { isSame, type Step, stepsBetween } from './sentenceSteps.ts'

export interface Takeover {
  /** All scenes as they would be saved. */
  scenes: SceneRow[]
  /** What becomes of those that change, in their order. */
  changes: SceneTakeover[]
  left: LeftSentence[]
}

/** What a scene says, before and after. */
export interface SceneTakeover {
  /** Counts the scenes that there were from 1. */
  number: number
  /** Whether it goes, since nothing is said in it any more. */
  isRemoved: boolean
  words: SaidWords[]
  /** What stands in its picture of words that it says no more; empty where nothing does. */
  shownStill: string
}

export interface SaidWords {
  text: string
  became: 'kept' | 'new' | 'old'
}

/**
 * Why something is left to the editor:
 *
 *   missing    no scene says it as the script did
 *   several    scenes say it more often than the script did, or less often
 *   locked     the scene that says it is locked
 *   recorded   the scene that says it speaks with a recording of one's own
 *   heading    it is a heading, which nobody says
 *   place      it is new, and no scene says what stands before it
 *   last       nothing would be left of the storyboard
 */
export const leftReasons = [
  'missing',
  'several',
  'locked',
  'recorded',
  'heading',
  'place',
  'last',
] as const

export interface LeftSentence {
  /** As the script had it; null where it is new. */
  before: null | string
  /** As it has it now; null where it is gone. */
  now: null | string
  reason: (typeof leftReasons)[number]
}

interface DraftedScenes {
  locale: string
  scenes: readonly SceneRow[]
  speakers: readonly Pick<SpeakerRow, 'name'>[]
}

/** A sentence of a scene, and what becomes of it. */
interface Line {
  scene: Scene
  /** Where the scene says it, from 0; null where it is new. */
  at: null | number
  /** What was said; null where it is new. */
  was: null | Sentence
  /** What is said now; null where it goes. */
  now: null | Sentence
  /** Whether a paragraph begins with it in the script as it is now. */
  opens: boolean
}

interface Scene {
  row: SceneRow
  lines: Line[]
}

/**
 * What a new sentence stands behind: what a scene says; the beginning of the script, or a heading;
 * or a sentence that was not found.
 */
type Place = 'beginning' | 'unknown' | Line

interface Work {
  /** Where each sentence of the script that was drafted from is said. */
  found: ReadonlyMap<Sentence, Line>
  /** What scenes say, by what is heard. */
  said: ReadonlyMap<string, Line[]>
  /** What people have written into scenes since: nobody has to say it twice. */
  added: Map<string, Line[]>
  /** The last sentence up to here that a scene says. */
  last: Line | null
  left: LeftSentence[]
}

/** Return what a storyboard becomes once a script that it was drafted from says something else. */
export function takeOver(storyboard: DraftedScenes, before: string, now: string): Takeover {
  const { locale, speakers } = storyboard
  const drafted = scripted(before, speakers, locale)
  const scenes = storyboard.scenes.map((row): Scene => {
    const scene: Scene = { row, lines: [] }
    scene.lines = narrated(row.narration ?? '', speakers, locale).map((sentence, at) => {
      return { scene, at, was: sentence, now: sentence, opens: sentence.opens }
    })
    return scene
  })
  const work = workOn(scenes, drafted)
  const steps = stepsBetween(drafted, scripted(now, speakers, locale))
  let place: Place = 'beginning'
  for (const [index, { before: was, now: said }] of steps.entries()) {
    const rest = (): Step[] => steps.slice(index + 1)
    if (was && said) place = exchange(work, was, said, { place, rest })
    else if (said) place = add(work, said, { place, rest })
    else remove(work, was)
    if (typeof place === 'object') work.last = place
  }
  const outcome = outcomeOf(scenes, work.left)
  if (outcome.scenes.length > 0) return outcome
  const gone = scenes.flatMap(({ lines }) => lines.flatMap(({ was }) => was ?? []))
  const last = gone.map(({ text }): LeftSentence => ({ before: text, now: null, reason: 'last' }))
  return { scenes: [...storyboard.scenes], changes: [], left: [...work.left, ...last] }
}

function outcomeOf(scenes: readonly Scene[], left: LeftSentence[]): Takeover {
  return {
    scenes: scenes.flatMap((scene): SceneRow[] => {
      if (!isChanged(scene)) return [scene.row]
      return isSilent(scene) ? [] : [{ ...scene.row, narration: narrationOf(scene) }]
    }),
    changes: scenes.flatMap((scene, index) =>
      isChanged(scene) ? [changeOf(scene, index + 1)] : [],
    ),
    left,
  }
}

const isChanged = ({ lines }: Scene): boolean => lines.some(({ now, was }) => now !== was)
const isSilent = ({ lines }: Scene): boolean => lines.every(({ now }) => now === null)

function workOn(scenes: readonly Scene[], drafted: readonly Sentence[]): Work {
  const lines = scenes.flatMap((scene) => scene.lines)
  const said = grouped(lines, ({ was }) => (was ? heard(was) : ''))
  const asked = grouped(drafted, heard)
  const places = new Map(lines.map((line, place) => [line, place]))
  const found = new Map<Sentence, Line>()
  const findEach = (only: (many: number) => boolean): void => {
    for (const [words, sentences] of asked) {
      const saying = said.get(words) ?? []
      if (saying.length !== sentences.length || !only(saying.length)) continue
      for (const [index, line] of saying.entries()) {
        const sentence = sentences[index]
        if (sentence) found.set(sentence, line)
      }
    }
  }
  findEach((many) => many === 1)
  const order = drafted.flatMap((sentence) => {
    const line = found.get(sentence)
    return line ? (places.get(line) ?? []) : []
  })
  // Of what is said several times, which is which is only known where scenes stand as they were.
  if (order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0))) {
    findEach((many) => many > 1)
  }
  const added = new Map(
    [...said].filter(([words]) => !asked.has(words)).map(([words, all]) => [words, [...all]]),
  )
  return { found, said, added, last: null, left: [] }
}

function grouped<T>(values: readonly T[], nameOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const name = nameOf(value)
    const group = groups.get(name)
    if (group) group.push(value)
    else groups.set(name, [value])
  }
  return groups
}

interface Around {
  place: Place
  /** The steps that follow. */
  rest: () => Step[]
}

/** Say one sentence in place of another; return where what follows stands. */
function exchange(work: Work, was: Sentence, now: Sentence, around: Around): Place {
  const line = work.found.get(was)
  if (isSame(was, now)) {
    if (line) line.opens = now.opens
    return was.isHeading ? 'beginning' : (line ?? 'unknown')
  }
  if (was.isHeading && now.isHeading) {
    work.left.push({ before: was.text, now: now.text, reason: 'heading' })
    return 'beginning'
  }
  const own = addedLine(work, now)
  if (was.isHeading || now.isHeading || own) {
    // What is missing is said in other words by now.
    if (line || !own || was.isHeading) remove(work, was)
    return own ?? add(work, now, around)
  }
  const reason = line ? refusalOf(line.scene) : missing(work, was)
  if (reason) work.left.push({ before: was.text, now: now.text, reason })
  else if (line) Object.assign(line, { now, opens: now.opens })
  return line ?? 'unknown'
}

/** Say a sentence no more. */
function remove(work: Work, was: Sentence): void {
  const line = work.found.get(was)
  const reason = line ? refusalOf(line.scene) : missing(work, was)
  if (reason) work.left.push({ before: was.text, now: null, reason })
  else if (line) line.now = null
}

/** Say a new sentence; return where what follows stands. */
function add(work: Work, now: Sentence, { place, rest }: Around): Place {
  const leave = (reason: LeftSentence['reason']): void => {
    work.left.push({ before: null, now: now.text, reason })
  }
  if (now.isHeading) {
    leave('heading')
    return 'beginning'
  }
  const own = addedLine(work, now)
  if (own) return own
  const following = rest()
  const next = following.find((step) => step.before && step.now)
  const isBefore = place === 'beginning' ? next !== undefined : leads(now, following)
  const beside = isBefore && next?.before ? work.found.get(next.before) : behind(work, place)
  if (!beside) {
    leave('place')
    return 'unknown'
  }
  const { scene } = beside
  const reason = refusalOf(scene)
  if (reason) {
    leave(reason)
    return place
  }
  const line: Line = { scene, at: null, was: null, now, opens: now.opens }
  scene.lines.splice(scene.lines.indexOf(beside) + (isBefore ? 0 : 1), 0, line)
  return line
}

function behind({ last }: Work, place: Place): Line | null {
  if (place === 'beginning') return last
  return place === 'unknown' ? null : place
}

/** Tell whether a paragraph begins with a new sentence that goes on with one that was there before. */
function leads(now: Sentence, rest: readonly Step[]): boolean {
  const next = rest.find((step) => step.now && (step.before ?? step.now.opens))
  return now.opens && Boolean(next?.before && next.now && !next.now.opens)
}

/** Return the line that somebody has written for a sentence since, and count it as said. */
function addedLine({ added }: Work, now: Sentence): Line | undefined {
  return now.isHeading ? undefined : added.get(heard(now))?.shift()
}

function missing({ said }: Work, was: Sentence): LeftSentence['reason'] {
  if (was.isHeading) return 'heading'
  return said.has(heard(was)) ? 'several' : 'missing'
}

function refusalOf({ row }: Scene): 'locked' | 'recorded' | null {
  if (row.locked) return 'locked'
  return row.narrationFile || row.own?.narrationFile ? 'recorded' : null
}

/** Return what a scene says: as it was written, where nothing beside it is another. */
function narrationOf({ lines }: Scene): string {
  let [narration, before]: [string, Line | null] = ['', null]
  for (const line of lines) {
    if (!line.now) continue
    narration += leadTo(line, line.now, before) + line.now.text
    before = line
  }
  return narration
}

function leadTo(line: Line, now: Sentence, before: Line | null): string {
  const isKept = ({ now: said, was }: Line): boolean => was?.speaker === said?.speaker
  const follows = before ? before.at !== null && before.at + 1 === line.at : line.at === 0
  if (line.was && follows && isKept(line) && (!before || isKept(before))) return line.was.lead
  const name = now.label.trim() || (now.speaker && `${now.speaker}:`)
  const label = name && (name.endsWith(':') ? `${name} ` : name)
  if (!before?.now) return label
  if (before.now.speaker !== now.speaker || line.opens) return `\n\n${label}`
  // Words of Chinese and Japanese stand apart by nothing.
  return /[\u3000-\u9fff\uff00-\uffef]$/u.test(before.now.text) ? '' : ' '
}

function changeOf(scene: Scene, number: number): SceneTakeover {
  const { lines, row } = scene
  const words = lines.flatMap(({ now, was }): SaidWords[] => {
    if (now === was) return now ? [{ text: labelled(now), became: 'kept' }] : []
    return [
      ...(was ? [{ text: labelled(was), became: 'old' } as const] : []),
      ...(now ? [{ text: labelled(now), became: 'new' } as const] : []),
    ]
  })
  const lettersThat = (...became: SaidWords['became'][]): string =>
    lettersOf(words.flatMap((one) => (became.includes(one.became) ? one.text : [])).join(' '))
  const shown = lettersOf(row.onScreenText ?? '')
  const isShown = shown !== '' && !lettersThat('kept', 'new').includes(shown)
  return {
    number,
    isRemoved: isSilent(scene),
    words,
    shownStill:
      isShown && lettersThat('kept', 'old').includes(shown) ? (row.onScreenText ?? '') : '',
  }
}

const labelled = ({ label, text }: Sentence): string => `${label.trim()} ${text}`.trim()
