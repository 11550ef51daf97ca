/** Decides what a save means for the stage, the submission counter and the retries. */
import { type CollectionBeforeChangeHook, type PayloadRequest, ValidationError } from 'payload'

import type { Settings } from '../settings.ts'
import { holdsWords } from '../text.ts'
import { type TranslationKey, translate } from '../translations/index.ts'
import { type FilmState, idOf, type StoryboardDoc, type VideoDoc } from '../documents.ts'
import {
  digestOf,
  filmAsked,
  filmOf,
  filmsOf,
  stateOf,
  submissionsOf,
  withFilm,
  wordsOf,
} from '../films.ts'
import { askedStage } from './askedStage.ts'
import { isAtWork } from './atWork.ts'
import { findKnown } from '../known.ts'
import { holdNewest } from '../newest.ts'
import { speaksForEditor } from './speaksForEditor.ts'

/**
 * Turn the stage asked for into the stage stored, and count what the service has to hear of.
 *
 * Restoring a version brings back its words and leaves the video where it is: in its project, and
 * out of the trash.
 */
export function planStage(settings: Settings): CollectionBeforeChangeHook {
  const { slugs } = settings
  return async ({ data: saved, originalDoc, req }) => {
    const read = (originalDoc ?? {}) as Partial<VideoDoc>
    const whole = read.id ? await holdNewest<Partial<VideoDoc>>(req, slugs.videos, read.id) : read
    // A save in a locale asks of the film in it, and lets the others stand.
    const film = filmAsked(settings, req)
    const [seen, before] = [filmOf(read, film), filmOf(whole, film)]
    const isRestored = req.context.isRestoringVersion === true
    // A version may have been saved in the trash.
    const stays = { project: before.project, deletedAt: before.deletedAt ?? null }
    const data: Partial<VideoDoc> = { ...saved, ...(isRestored && stays) }
    const video: Partial<VideoDoc> = { ...before, ...data }
    const submission = before.submission ?? 0
    const retries = before.retries ?? 0
    const stage = before.stage ?? 'draft'
    const refuse = (key: TranslationKey, path: string): never => {
      const message = translate(req.i18n.language, key)
      const error = new ValidationError(
        { collection: slugs.videos, errors: [{ message, path }], req },
        req.t,
      )
      // Payload would only name the field; this is what the admin shows in its toast.
      error.message = message
      throw error
    }

    // The service, its ledger and whoever may see the film know it under the project it was sent in.
    const isMoved = data.project !== undefined && nameOf(data) !== nameOf(before)
    if (isMoved && submissionsOf(whole) > 0) refuse('invalid.moved', 'project')

    const isInTrash = Boolean(data.deletedAt ?? before.deletedAt) && data.deletedAt !== null
    const saidStage = film ? askedStage(req) : (saved as Partial<VideoDoc>).stage
    // A save that says what it has read says nothing, whatever has become of the video since.
    const isAsking = saidStage && saidStage !== (seen.stage ?? 'draft') && speaksForEditor(req)
    // Nobody will watch what is in the trash.
    const asked = isInTrash && submission > 0 ? 'cancelled' : isAsking ? saidStage : stage
    if (isInTrash && isAsking && saidStage !== 'cancelled') refuse('invalid.inTrash', 'stage')
    // Somebody else has asked for the same at the same time: once is enough.
    const isAskedTwice =
      (asked === 'resubmit' && submission !== (seen.submission ?? 0)) ||
      (asked === 'retry' && retries !== (seen.retries ?? 0))
    const request = isAskedTwice ? stage : asked
    const others = isInTrash ? await stopOthers(settings, req, whole, film) : whole
    const keep = (state: Partial<FilmState>): Partial<VideoDoc> => ({
      ...data,
      ...withFilm(others, film, { ...stateOf(before as Partial<FilmState>), ...state }),
    })
    switch (request) {
      case 'draft':
        // What was submitted once is a draft no more: the service would go on with it unseen.
        return keep({ stage: submission > 0 ? stage : 'draft' })
      case 'submitted':
      case 'resubmit':
        if (request === 'submitted' && stage === 'submitted') return keep({})
        // A draft may be saved without; nothing can be sent of it.
        if (!holdsWords(video.title)) refuse('invalid.untitled', 'title')
        if (!video.project) refuse('invalid.noProject', 'project')
        if (!holdsWords(video.script) && !holdsWords(video.brief)) {
          refuse('error.empty_script', 'script')
        }
        return keep({
          stage: 'submitted',
          submission: submissionsOf(whole) + 1,
          said: digestOf(wordsOf(settings, req.payload, video, req.locale ?? '')),
        })
      case 'retry':
        if (submission === 0) refuse('invalid.neverSubmitted', 'stage')
        if (await lacksEdit(settings, req, before as VideoDoc)) {
          refuse('invalid.editedSince', 'stage')
        }
        return keep({ stage: 'submitted', retries: retries + 1 })
      case 'cancelled':
        if (submission === 0) refuse('invalid.neverSubmitted', 'stage')
        // Nothing is left to stop of a finished film; a bulk action may name it all the same.
        if (!(await isAtWork(settings, req, before as VideoDoc))) return keep({})
        return keep({ stage: 'cancelled' })
      default:
        // Not one of ours: the field's own validation answers.
        return keep({ stage: request })
    }
  }
}

/** Tell whether a film tried again would lack an edit of its storyboard, which the service refused. */
async function lacksEdit(
  settings: Settings,
  req: PayloadRequest,
  video: VideoDoc,
): Promise<boolean> {
  const { docs } = await req.payload.find({
    collection: settings.slugs.storyboards,
    where: { video: { equals: video.id }, submission: { equals: video.submission } },
    sort: '-createdAt',
    limit: 1,
    depth: 0,
    overrideAccess: true,
    req,
  })
  const storyboard = docs[0] as unknown as StoryboardDoc | undefined
  return storyboard !== undefined && (await findKnown(settings, req, storyboard, video)) === 'no'
}

/** Return a video with every film but one stopped that there is work on. */
async function stopOthers(
  settings: Settings,
  req: PayloadRequest,
  video: Partial<VideoDoc>,
  kept: string,
): Promise<Partial<VideoDoc>> {
  let stopped = video
  for (const film of filmsOf(video)) {
    const one = filmOf(video, film)
    if (film === kept || !(await isAtWork(settings, req, one as VideoDoc))) continue
    const state: FilmState = { ...stateOf(one as Partial<FilmState>), stage: 'cancelled' }
    stopped = { ...stopped, ...withFilm(stopped, film, state) }
  }
  return stopped
}

const nameOf = ({ project }: Partial<VideoDoc>): string => (project ? String(idOf(project)) : '')
