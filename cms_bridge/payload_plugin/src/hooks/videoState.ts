/**
 * What the service was told of a video is true of the video itself, whatever draft was saved of it.
 *
 * Where the host has drafts, Payload keeps a draft's values apart until it is published. How far the
 * work is does not wait for that: the document and its newest draft say the same of it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CollectionAfterChangeHook, PayloadRequest, Where } from 'payload'

import { type FilmState, type Id, idOf, type VideoDoc } from '../documents.ts'
import { stateOf, submissionsOf } from '../films.ts'
import type { Settings } from '../settings.ts'

type State = Pick<VideoDoc, 'films' | 'retries' | 'said' | 'serviceId' | 'stage' | 'submission'>

const wholeStateOf = (video: Partial<VideoDoc>): State => ({
  ...stateOf(video as Partial<FilmState>),
  films: video.films ?? null,
  serviceId: video.serviceId ?? null,
})

/** Write what a draft says of the work, and the project that it was submitted in, to its document. */
export function keepState({ slugs }: Settings): CollectionAfterChangeHook {
  return async ({ collection, data, doc, previousDoc, req }) => {
    if (!collection.versions?.drafts) return
    const after = data as Partial<VideoDoc>
    const state = wholeStateOf(after)
    if (isDeepStrictEqual(state, wholeStateOf((previousDoc ?? {}) as Partial<VideoDoc>))) return
    const project = submissionsOf(after) && after.project ? { project: idOf(after.project) } : {}
    await req.payload.db.updateOne({
      collection: slugs.videos,
      where: { id: { equals: (doc as VideoDoc).id } },
      data: { ...state, ...project },
      req,
    })
  }
}

/** Change the state past the hooks, where the video is as it is said: nobody asked for anything. */
export async function changeState(
  { slugs }: Settings,
  req: PayloadRequest,
  { where, state }: { where: Where; state: Partial<State> },
): Promise<void> {
  const collection = slugs.videos
  const { db } = req.payload
  const video = (await db.updateOne({
    collection,
    where,
    data: state,
    options: { atomic: true },
    req,
  })) as null | { id: Id }
  if (!video || !req.payload.collections[collection]?.config.versions?.drafts) return
  const { docs } = await db.findVersions<VideoDoc>({
    collection,
    where: { and: [{ parent: { equals: video.id } }, { latest: { equals: true } }] },
    sort: '-updatedAt',
    limit: 1,
    pagination: false,
    req,
  })
  const newest = docs[0]
  if (!newest) return
  const { createdAt, updatedAt, version } = newest
  const versionData = { createdAt, latest: true, parent: video.id, updatedAt }
  await db.updateVersion({
    collection,
    id: newest.id,
    versionData: { ...versionData, version: { ...version, ...state } },
    req,
  })
}
