/**
 * Approvals of single scenes: who said, and when, that exactly this may be filmed at this price.
 *
 * Each is bound to a digest of what is filmed of its scene, and of what is true of the whole film
 * and so of every scene. An edit voids those whose digest it changes, and no others; what was once
 * void stays so though the edit is undone, since somebody has to look again.
 */
import { createHash } from 'node:crypto'

import type { SceneApproval, SceneApprovals, StoryboardDoc } from './documents.ts'
import type { SceneStanding } from './endpoints/contract.ts'
import type { Storyboard } from './generated/events.ts'
import { isRecord } from './json.ts'

/** Numbers of scenes that are named in a sentence. */
const mostNamed = 10

/** By a scene's id, in the order of the scenes. */
type Digests = ReadonlyMap<string, string>

/**
 * Return the SHA-256, in hex, of what is filmed of each scene.
 *
 * Title and music are no part of any scene. Whatever else a film has is part of each: what is added
 * to storyboards later is so by itself.
 */
export function sceneDigests(storyboard: Storyboard): Digests {
  const film = digestOf({ ...storyboard, scenes: [], title: '', music: null })
  return new Map(storyboard.scenes.map((scene) => [scene.id, digestOf({ film, scene })]))
}

/**
 * Return the SHA-256, in hex, of a value as canonical JSON: databases keep keys in any order.
 *
 * What is not set is left out, so that a field that is added later changes no digest by its default.
 */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  const keys = Object.keys(value)
    .filter((key) => isSet(value[key]))
    .toSorted()
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]))
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== undefined && value !== null && value !== false && value !== ''
}

/** Return approvals as they stand once a storyboard is like this: void where a scene is another. */
export function standingApprovals(
  approvals: null | SceneApprovals | undefined,
  storyboard: Storyboard,
): SceneApprovals {
  const digests = sceneDigests(storyboard)
  return mapApprovals(approvals, (approval, id) => {
    if (!digests.has(id)) return null
    return approval.digest === digests.get(id) ? approval : { ...approval, void: 'scene' }
  })
}

/** Return approvals without those whose scenes cost more by now than was approved. */
export function withinPrices(
  approvals: SceneApprovals,
  due: ReadonlyMap<string, string>,
): SceneApprovals {
  return mapApprovals(approvals, (approval, id) =>
    !approval.void && isDearer(approval, due.get(id) ?? '0')
      ? { ...approval, void: 'price' }
      : approval,
  )
}

/** Return approvals of all scenes, as somebody gives them who approves the whole. */
export function wholeApproval(
  approvals: SceneApprovals,
  storyboard: Storyboard,
  { at, by }: Pick<SceneApproval, 'at' | 'by'>,
): SceneApprovals {
  const given = new Map(approvals.map((approval) => [approval.scene, approval]))
  return [...sceneDigests(storyboard)].map(([scene, digest]) => {
    const own = given.get(scene)
    return own && !own.void ? own : { scene, digest, price: null, by, at }
  })
}

/** Return approvals without those that an approval of the whole gave, which was refused. */
export function withoutWhole({ approvedAt, sceneApprovals }: StoryboardDoc): SceneApprovals {
  return mapApprovals(sceneApprovals, (approval) =>
    approval.price === null && approval.at === approvedAt ? null : approval,
  )
}

/** Return the numbers, from 1, of the scenes that nobody has approved as they are. */
export function unapprovedScenes(
  approvals: null | SceneApprovals | undefined,
  storyboard: Storyboard,
): number[] {
  const standing = standingApprovals(approvals, storyboard)
  const approved = new Set(standing.filter((one) => !one.void).map(({ scene }) => scene))
  return storyboard.scenes.flatMap(({ id }, index) => (approved.has(id) ? [] : [index + 1]))
}

/** Name scenes in a sentence, not all of them where they are many. */
export function nameNumbers(
  numbers: readonly number[],
  language: string,
  andMore: (more: number) => string,
): string {
  const format = new Intl.NumberFormat(language)
  const named = numbers.slice(0, mostNamed).map((number) => format.format(number))
  const more = numbers.length - named.length
  return new Intl.ListFormat(language).format(more > 0 ? [...named, andMore(more)] : named)
}

/** Tell how a scene stands that is to be filmed as its digest says, and costs what is due. */
export function standingOfScene(
  { decision, sceneApprovals }: Pick<StoryboardDoc, 'decision' | 'sceneApprovals'>,
  { digest, due, id }: { digest: string; due: string; id: string },
): SceneStanding {
  const approval = approvalOf(sceneApprovals, id)
  if (!approval) return { state: 'none', by: '', at: null }
  const { at, by, price, void: isVoid } = approval
  if (approval.digest !== digest || isVoid === 'scene') return { state: 'changed', by, at }
  // What is approved as a whole is approved at the price of the whole.
  const isDearerNow = decision !== 'approved' && (isVoid === 'price' || isDearer(approval, due))
  if (!isDearerNow) return { state: 'approved', by, at }
  return price === null ? { state: 'none', by: '', at: null } : { state: 'dearer', by, at }
}

/** Nothing is known of the price of a scene that was approved with the whole: it has to be paid. */
function isDearer({ price }: SceneApproval, due: string): boolean {
  return Number(due) > Number(price ?? 0)
}

/** Return what somebody said of a scene, if anybody did. */
export function approvalOf(
  approvals: null | SceneApprovals | undefined,
  scene: string,
): SceneApproval | undefined {
  return approvals?.find((approval) => approval.scene === scene)
}

/** Return approvals with one in place of what was said of its scene before. */
export function withApproval(approvals: SceneApprovals, approval: SceneApproval): SceneApprovals {
  return [...approvals.filter(({ scene }) => scene !== approval.scene), approval]
}

function mapApprovals(
  approvals: null | SceneApprovals | undefined,
  change: (approval: SceneApproval, id: string) => null | SceneApproval,
): SceneApprovals {
  return (approvals ?? []).flatMap((approval) => change(approval, approval.scene) ?? [])
}
