/**
 * What a script or a narration says, sentence by sentence, and who says it.
 *
 * A text is read as the service reads it: a line that begins with a speaker's name and a colon is
 * theirs to the end of its paragraph, and a script's headings, rules and "Scene 1:" are not spoken.
 * Where sentences end is Unicode's rule for the language, by `Intl.Segmenter`, and each full stop:
 * rather too short a piece than one that two scenes share.
 */
import type { SpeakerRow } from './documents.ts'

export interface Sentence {
  text: string
  /** The name of whoever says it, as the storyboard has it; empty for the film's own voice. */
  speaker: string
  /** The speaker's name and the colon as they are written before it; empty in the midst of a turn. */
  label: string
  /** Whether a paragraph begins with it. */
  opens: boolean
  /** Whether it is a heading, which nobody says. */
  isHeading: boolean
  /** All that stands between it and the sentence before. */
  lead: string
}

type Speakers = readonly Pick<SpeakerRow, 'name'>[]

interface Paragraph extends Pick<Sentence, 'isHeading' | 'label' | 'speaker'> {
  /** Where it begins, after the speaker's name. */
  start: number
  end: number
}

/** Return the sentences of a narration; with what leads to each they are the whole, its lines unwrapped. */
export function narrated(text: string, speakers: Speakers, locale: string): Sentence[] {
  return cut(text, paragraphsOf(text, speakers), locale)
}

/** Return the sentences of a script, its headings among them. */
export function scripted(script: string, speakers: Speakers, locale: string): Sentence[] {
  const text = script.replace(/\r\n?|\u2028/gu, '\n')
  return cut(text, paragraphsOf(text, speakers, true), locale)
}

/** Return what of a sentence is heard, and by whom, whatever its spaces and signs. */
export function heard({ isHeading, speaker, text }: Sentence): string {
  return `${isHeading ? '#' : ''}${fold(speaker)}\n${lettersOf(text) || text}`
}

/** Return the letters and digits of a text, capitals or not. */
export function lettersOf(text: string): string {
  return fold(text).replace(/[^\p{L}\p{M}\p{N}]/gu, '')
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase()

const heading = /^[ \t]*#{1,6}[ \t]+(?=\S)/u
const rule = /^[ \t]*(?:[-*_=][ \t]*){3,}$/u
const item = /^[ \t]*[-*•][ \t]+(?=\S)/u
/** As the service knows them, in `render/drafting/offline.py`. */
const sceneLabel =
  /^[ \t]*[*_[(]*(?:scene|shot|szene|scène|escena|scena|cena|сцена|场景|場景|シーン|مشهد|दृश्य|סצנה)[ \t]*\d{1,3}[*_\])]*[ \t]*(?:[:：.–—-]+[*_]*|$)/iu
/**
 * A scene may end behind one, where Unicode sees no end as a small letter follows. And the segmenter
 * takes a minute for a paragraph as long as a book, of which short pieces take no time.
 */
const fullStop = /(?<=[.!?…]["'”’»›)\]]*\s+|[。！？｡][」』”’）】]*)(?=[^\s」』”’）】])/u
const sentenceEnd = /[.!?…。！？؟۔।॥"”»’]$/u

function paragraphsOf(text: string, speakers: Speakers, isScript = false): Paragraph[] {
  const paragraphs: Paragraph[] = []
  const names = openings(speakers)
  let open: Paragraph | null = null
  let start = 0
  for (const line of text.split('\n')) {
    const end = start + line.length
    const from = start
    start = end + 1
    if (line.trim() === '' || (isScript && rule.test(line))) {
      open = null
      continue
    }
    const begin = (parts: Partial<Paragraph>): Paragraph => {
      const begun = { speaker: '', label: '', isHeading: false, start: from, end, ...parts }
      paragraphs.push(begun)
      return begun
    }
    if (isScript) {
      const marks = heading.exec(line)?.[0]
      const named = sceneLabel.exec(line)?.[0]
      const rest = line.slice(named?.length ?? 0).trim()
      if (marks !== undefined || (named !== undefined && rest && !sentenceEnd.test(rest))) {
        begin({ isHeading: true, start: from + (marks ?? named ?? '').length })
        open = null
        continue
      }
      if (named !== undefined) {
        open = begin({ start: from + named.length })
        continue
      }
    }
    const opened = openedBy(line, names)
    const bullet = isScript ? item.exec(line)?.[0] : undefined
    if (opened) {
      const { name, label } = opened
      open = begin({ speaker: name, label, start: from + label.length })
    } else if (bullet !== undefined || !open) {
      open = begin({ start: from + (bullet ?? '').length })
    } else {
      open.end = end
    }
  }
  return paragraphs
}

type Opening = readonly [name: string, begins: RegExp]

/** Of two names that begin alike the longer one is meant. */
function openings(speakers: Speakers): Opening[] {
  return speakers
    .filter(({ name }) => name.trim())
    .toSorted((one, other) => other.name.length - one.name.length)
    .map(({ name }): Opening => {
      const words = name.trim().split(/\s+/u)
      const written = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&'))
      return [name, new RegExp(`^\\s*${written.join('\\s+')}\\s*[:：﹕︓]\\s*`, 'iu')]
    })
}

function openedBy(line: string, names: readonly Opening[]): null | { label: string; name: string } {
  for (const [name, begins] of names) {
    const label = begins.exec(line)?.[0]
    if (label !== undefined) return { label, name }
  }
  return null
}

function cut(text: string, paragraphs: readonly Paragraph[], locale: string): Sentence[] {
  const segmenter = segmenterOf(locale)
  const sentences: Sentence[] = []
  let before = 0
  for (const { end, isHeading, label, speaker, start } of paragraphs) {
    let opens = true
    // A line that is only wrapped ends no sentence; as many characters, so that places stay.
    const flow = text.slice(start, end).replace(/[\n\t]/gu, ' ')
    const parts = isHeading
      ? [flow]
      : flow.split(fullStop).flatMap((piece) => {
          return Array.from(segmenter.segment(piece), ({ segment }) => segment)
        })
    let at = start
    for (const part of parts) {
      const own = part.trim()
      const from = at + part.indexOf(own)
      at += part.length
      if (!own) continue
      sentences.push({
        text: tidy(text.slice(from, from + own.length)),
        speaker,
        label: opens ? label : '',
        opens,
        isHeading,
        lead: text.slice(before, from),
      })
      before = from + own.length
      opens = false
    }
  }
  return sentences
}

/** Return a sentence on one line; where words stand apart by nothing, a line's end is nothing. */
function tidy(text: string): string {
  return text.replace(/(?<=[\u3000-\u9fff])\s*\n\s*(?=[\u3000-\u9fff])/gu, '').replace(/\s+/gu, ' ')
}

function segmenterOf(locale: string): Intl.Segmenter {
  const options = { granularity: 'sentence' } as const
  try {
    return new Intl.Segmenter(locale.replaceAll('_', '-'), options)
  } catch {
    // Two letters are not yet a language: Unicode's rules for all.
    return new Intl.Segmenter(undefined, options)
  }
}
