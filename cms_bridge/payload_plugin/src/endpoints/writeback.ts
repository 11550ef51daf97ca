/**
 * What the service writes back: a storyboard once, a rendition whenever its job moves on.
 *
 * Neither write emits an event, unless a file was replaced while its storyboard was drafted. A video that is gone is answered with 410, so
 * that the service stops writing.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { type Endpoint, type PayloadRequest, ValidationError, type Where } from 'payload'

import { foreignValues } from '../foreign.ts'
import type { RenditionWrite, StoryboardWrite } from '../generated/events.ts'
import { tellReplacedMeanwhile } from '../replaced.ts'
import type { Settings } from '../settings.ts'
import { fromStoryboard } from '../storyboard.ts'
import {
  idOf,
  type Id,
  type RenditionDoc,
  type StoryboardDoc,
  type VideoDoc,
} from '../documents.ts'
import { writebackSchema } from '../generated/writebackSchema.ts'
import { paths, type WritebackResult } from './contract.ts'
import { problem } from './responses.ts'
import { signedEndpoint } from './signed.ts'

interface JobAddress {
  jobId: string
  videoId: string
}

const ajv = new Ajv2020({
  allErrors: false,
  strict: false,
  useDefaults: true,
  validateFormats: false,
})
ajv.addSchema(writebackSchema, 'writeback')

function validator<T>(name: string): ValidateFunction<T> {
  return ajv.compile<T>({ $ref: `writeback#/$defs/${name}` })
}

export function writebackEndpoints(settings: Settings): Endpoint[] {
  const isStoryboard = validator<StoryboardWrite>('StoryboardWrite')
  const isRendition = validator<RenditionWrite>('RenditionWrite')
  return [
    signedEndpoint(settings, paths.writeStoryboard, (req, body) =>
      isStoryboard(body)
        ? store(settings, req, body, writeStoryboard)
        : Promise.resolve(malformed(isStoryboard)),
    ),
    signedEndpoint(settings, paths.writeRendition, (req, body) =>
      isRendition(body)
        ? store(settings, req, body, writeRendition)
        : Promise.resolve(malformed(isRendition)),
    ),
  ]
}

type Write<T> = (args: {
  body: T
  film: string
  req: PayloadRequest
  settings: Settings
  video: VideoDoc
}) => Promise<WritebackResult>

async function store<T extends JobAddress>(
  settings: Settings,
  req: PayloadRequest,
  body: T,
  write: Write<T>,
): Promise<Response> {
  if (body.jobId !== req.routeParams?.jobId) {
    return problem(422, 'Job mismatch', 'The body names another job than the address.')
  }
  const found = await findFilm(settings, req, body.videoId)
  if (!found) return problem(410, 'Video gone', 'The video of this job no longer exists.')
  try {
    return Response.json(await write({ body, req, settings, ...found }))
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    const reasons = error.data.errors.map(({ message, path }) => `${path}: ${message}`)
    return problem(422, 'Not valid here', reasons.join(' '))
  }
}

function malformed({ errors }: ValidateFunction): Response {
  const first = errors?.[0]
  const where = first?.instancePath || 'the body'
  return problem(422, 'Not a write-back', `${where} ${first?.message ?? 'is malformed'}.`)
}

/** Find a video, and which of its films it is, by what the service calls that. */
async function findFilm(
  settings: Settings,
  req: PayloadRequest,
  serviceId: string,
): Promise<null | { film: string; video: VideoDoc }> {
  const whole = await findVideo(settings, req, serviceId)
  if (whole) return { film: '', video: whole }
  const [, name, film] = /^(.+)\.([^.]+)$/.exec(serviceId) ?? []
  if (!name || !film) return null
  const video = await findVideo(settings, req, name)
  return video?.films?.[film] ? { film, video } : null
}

/** Find a video by what the service calls it: by its id only where it has no other name. */
async function findVideo(
  { slugs }: Settings,
  req: PayloadRequest,
  serviceId: string,
): Promise<undefined | VideoDoc> {
  const find = async (where: Where): Promise<undefined | VideoDoc> => {
    const { docs } = await req.payload.find({
      collection: slugs.videos,
      where,
      limit: 1,
      depth: 0,
      overrideAccess: true,
      trash: true,
    })
    return docs[0] as unknown as undefined | VideoDoc
  }
  const named = await find({ serviceId: { equals: serviceId } })
  if (named) return named
  const idType = req.payload.collections[slugs.videos]?.customIDType ?? req.payload.db.defaultIDType
  if (idType === 'number' && !/^\d{1,15}$/.test(serviceId)) return undefined
  const unnamed = await find({ id: { equals: serviceId } })
  return unnamed?.serviceId ? undefined : unnamed
}

/** Create the storyboard unless it is there; what people made of it since is not touched. */
const writeStoryboard: Write<StoryboardWrite> = async ({ body, film, settings, video, req }) => {
  const collection = settings.slugs.storyboards
  const { digest, estimatedCost, jobId, storyboard, submission } = body
  const data: Partial<StoryboardDoc> = {
    ...fromStoryboard(storyboard),
    ...{ digest, estimatedCost, film, jobId, submission },
    video: video.id,
    project: idOf(video.project),
  }
  const creation = await createOnce(settings, req, collection, { jobId, video, data })
  if (creation.stored) await tellReplacedMeanwhile(settings, req, creation.id)
  return creation
}

/** Replace the rendition by a later state of its job, or create it. */
const writeRendition: Write<RenditionWrite> = async ({ body, film, settings, video, req }) => {
  const collection = settings.slugs.renditions
  const { jobId, sequence } = body
  const data: Partial<RenditionDoc> = {
    film,
    jobId,
    sequence,
    submission: body.submission,
    status: body.status,
    progress: body.progress,
    scenesDone: body.scenesDone ?? 0,
    scenesTotal: body.scenesTotal ?? 0,
    storyboardDigest: body.storyboardDigest ?? '',
    storyboardRevision: body.storyboardRevision ?? 0,
    estimatedCost: body.estimatedCost ?? '0',
    actualCost: body.actualCost ?? '0',
    warnings: body.warnings ?? [],
    error: body.error ?? null,
    file: body.file ?? null,
    transcript: body.transcript ?? null,
  }
  const replace = async (): Promise<null | RenditionDoc> => {
    const now = new Date().toISOString()
    // The adapter and not the Local API, because only the adapter updates and compares in one step.
    return (await req.payload.db.updateOne({
      collection,
      where: { and: [{ jobId: { equals: jobId } }, { sequence: { less_than: sequence } }] },
      data: { ...data, writtenAt: now, updatedAt: now },
      options: { atomic: true },
    })) as null | RenditionDoc
  }

  const replacement = await replace()
  if (replacement) return { id: replacement.id, stored: true }
  const created: Partial<RenditionDoc> = {
    ...data,
    writtenAt: new Date().toISOString(),
    video: video.id,
    project: idOf(video.project),
  }
  const creation = await createOnce(settings, req, collection, { jobId, video, data: created })
  if (creation.stored) return creation
  // It was there with a higher sequence, or appeared between the two statements.
  const lateReplacement = await replace()
  return { id: creation.id, stored: lateReplacement !== null }
}

/** Create a document that its `jobId` keeps unique; lose a race quietly. */
async function createOnce(
  { slugs }: Settings,
  req: PayloadRequest,
  collection: string,
  {
    jobId,
    video,
    data: own,
  }: {
    jobId: string
    video: VideoDoc
    data: Partial<RenditionDoc> | Partial<StoryboardDoc>
  },
): Promise<WritebackResult> {
  const existing = await findByJob(req, collection, jobId)
  if (existing !== undefined) return { id: existing, stored: false }
  const origin = { collection: slugs.videos, doc: video }
  const data = { ...foreignValues(req.payload, origin, collection), ...own }
  try {
    const { id } = await req.payload.create({ collection, data, depth: 0, overrideAccess: true })
    return { id, stored: true }
  } catch (error) {
    const winner = error instanceof ValidationError && (await findByJob(req, collection, jobId))
    if (!winner) throw error
    return { id: winner, stored: false }
  }
}

async function findByJob(
  req: PayloadRequest,
  collection: string,
  jobId: string,
): Promise<Id | undefined> {
  const { docs } = await req.payload.find({
    collection,
    where: { jobId: { equals: jobId } },
    limit: 1,
    depth: 0,
    overrideAccess: true,
  })
  return docs[0]?.id
}
