/** What the bridge tells of a film before it exists, as far as a board shows it. */
import type { CastMember } from '../generated/events.ts'
import { isRecord } from '../json.ts'
import type {
  Board,
  BoardMember,
  BoardMedium,
  BoardNarration,
  BoardPicture,
  BoardScene,
  SpokenWord,
} from './contract.ts'

/** Return where the browser has what the bridge has at an address. */
type AddressOf = (contentUrl: string) => string

/**
 * Return a timeline's scenes with what is made of each; null for what is no timeline.
 *
 * `cast` is the storyboard's own, whose pictures lie in the host's library.
 */
export function toBoard(
  timeline: unknown,
  addressOf: AddressOf,
  cast: readonly CastMember[] = [],
): Board | null {
  if (!isRecord(timeline) || !Array.isArray(timeline.scenes)) return null
  const captions = isRecord(timeline.captions) ? timeline.captions.cues : []
  const cues = Array.isArray(captions) ? captions.filter(isRecord) : []
  const scenes = timeline.scenes.filter(isRecord).flatMap((scene): BoardScene[] => {
    const { cast: names, id, narration, span, view } = scene
    if (typeof id !== 'string' || !isRecord(span)) return []
    return [
      {
        sceneId: id,
        picture: toPicture(view, addressOf),
        narration: toNarration(
          narration,
          addressOf,
          cues.filter(({ sceneId }) => sceneId === id),
        ),
        seconds: Number(span.duration),
        cast: toMembers(names, cast),
      },
    ]
  })
  return { scenes }
}

/** Tell of those who are named; a bridge that is older names nobody. */
function toMembers(names: unknown, cast: readonly CastMember[]): BoardMember[] {
  const shown: unknown[] = Array.isArray(names) ? names : []
  return cast
    .filter(({ name }) => shown.includes(name))
    .map(({ kind, name, references }) => {
      const file = references?.find((each) => each.kind === 'cms')
      const picture = file && `/${file.collection}/file/${encodeURIComponent(file.name)}`
      return { name, kind: kind ?? 'person', picture: picture ?? null }
    })
}

function toMedium(asset: unknown, addressOf: AddressOf): BoardMedium | null {
  if (!isRecord(asset)) return null
  const { contentUrl, mediaType } = asset
  if (typeof contentUrl !== 'string' || typeof mediaType !== 'string') return null
  return { address: addressOf(contentUrl), mediaType }
}

function toPicture(view: unknown, addressOf: AddressOf): BoardPicture | null {
  if (!isRecord(view)) return null
  const medium = toMedium(view.asset, addressOf)
  return (
    medium && { ...medium, placeholder: isRecord(view.asset) && view.asset.placeholder === true }
  )
}

function toNarration(
  narration: unknown,
  addressOf: AddressOf,
  cues: readonly Record<string, unknown>[],
): BoardNarration | null {
  if (!isRecord(narration) || !isRecord(narration.span)) return null
  const medium = toMedium(narration.asset, addressOf)
  const { span, text } = narration
  if (!medium || typeof text !== 'string') return null
  const words = cues.flatMap((cue) => toWords(cue.words, Number(span.start)))
  return { ...medium, text, words: isSame(text, words) ? words : [] }
}

function toWords(words: unknown, begin: number): SpokenWord[] {
  if (!Array.isArray(words)) return []
  return words.filter(isRecord).map(({ end, start, text }, index) => ({
    // A cue's last word has nothing after it; here, the next cue's first follows.
    text: index === words.length - 1 ? `${String(text)} ` : String(text),
    start: Number(start) - begin,
    end: Number(end) - begin,
  }))
}

/** Tell whether captions say what is said; they may have words of their own. */
function isSame(text: string, words: readonly SpokenWord[]): boolean {
  const bare = (said: string): string => said.replace(/\s+/g, '')
  return bare(text) === bare(words.map((word) => word.text).join(''))
}
