/** Files of the media library that were replaced, and the storyboards that show them. */
import type { PayloadRequest } from 'payload'

import { type Id, idOf, type StoryboardDoc, type VideoDoc } from './documents.ts'
import { filmOf, newestRendition } from './films.ts'
import { filesIn, isReplaced, nameOf, whileReplacing, withReplaced } from './library.ts'
import type { Settings } from './settings.ts'

/** Storyboards that are read at once. */
const atOnce = 50

/** Tell the service of files that were replaced while it drafted a storyboard. */
export async function tellReplacedMeanwhile(
  settings: Settings,
  req: PayloadRequest,
  id: Id,
): Promise<void> {
  const storyboard = (await req.payload.findByID({
    collection: settings.slugs.storyboards,
    id,
    depth: 0,
    overrideAccess: true,
    req,
  })) as unknown as StoryboardDoc
  // One save brings them all.
  for (const name of storyboard.files ?? []) {
    if (await renew(settings, req, storyboard, name)) return
  }
}

/** Save a storyboard with the file that is in a document now; tell whether that is another one. */
export async function renew(
  settings: Settings,
  req: PayloadRequest,
  storyboard: StoryboardDoc,
  name: string,
): Promise<boolean> {
  const before = filesIn(storyboard).find((file) => nameOf(file) === name)
  const now = filesIn(await withReplaced(settings, req, storyboard)).find(
    (file) => nameOf(file) === name,
  )
  if (!before || !now || !isReplaced(before, now, req)) return false
  if (!(await isToldOfEdits(settings, req, storyboard))) return false
  await whileReplacing(req, name, () =>
    req.payload.update({
      collection: settings.slugs.storyboards,
      id: storyboard.id,
      data: {},
      depth: 0,
      overrideAccess: true,
      req,
    }),
  )
  return true
}

/** Yield the storyboards that show a document, those that were drafted last before the others. */
export async function* showing(
  { slugs }: Settings,
  req: PayloadRequest,
  name: string,
): AsyncGenerator<StoryboardDoc> {
  let last: Id | undefined
  for (;;) {
    const { docs } = await req.payload.find({
      collection: slugs.storyboards,
      where: { files: { in: [name] }, ...(last !== undefined && { id: { less_than: last } }) },
      sort: '-id',
      limit: atOnce,
      pagination: false,
      depth: 0,
      overrideAccess: true,
      req,
    })
    yield* docs as unknown as StoryboardDoc[]
    last = docs.at(-1)?.id
    if (docs.length < atOnce) return
  }
}

/**
 * Tell whether an edit of a storyboard means anything to the service.
 *
 * It does not where the video is in the trash or was submitted anew since, nor where the work was
 * cancelled before there was a film: whoever tries again saves the storyboard to approve it.
 */
async function isToldOfEdits(
  settings: Settings,
  req: PayloadRequest,
  { film, submission, video: reference }: StoryboardDoc,
): Promise<boolean> {
  const video = (await req.payload.findByID({
    collection: settings.slugs.videos,
    id: idOf(reference),
    depth: 0,
    disableErrors: true,
    overrideAccess: true,
    req,
    trash: true,
  })) as null | VideoDoc
  if (!video || video.deletedAt) return false
  const one = filmOf(video, film ?? '')
  if (one.submission !== submission) return false
  if (one.stage !== 'cancelled') return true
  return Boolean((await newestRendition(settings, req, one))?.file)
}
