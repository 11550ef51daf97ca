/** Where the property test works: a Payload, what is done there, and how it is compared with what is meant. */
import fc, { type AsyncCommand } from 'fast-check'
import type { CmsEvent, StageRequest } from 'payload-plugin-reelwright'
import { expect } from 'vitest'

import type { Bridge } from '../bridge.ts'
import type { Answer, Cms, Doc } from '../cms.ts'
import { Intent, type Job, Video } from './intent.ts'

/** One Payload, and the videos that one run makes in it. */
export interface Desk {
  bridge: Bridge
  cms: Cms
  /** Sends until nothing waits any more. */
  deliver: () => Promise<void>
  /** Saves are drafts, which the host's `versions.drafts` keeps apart until they are published. */
  drafts: boolean
  /** Of the films: that of the default locale is called ''. */
  films: readonly string[]
  project: Doc
  /** Documents as they were read, for saves that come late. */
  seen: Map<number, Doc[]>
}

export type Act = AsyncCommand<Intent, Desk>
type Run = (intent: Intent, desk: Desk) => Promise<void>

const words = ['One', 'Two', 'Three', 'Four', 'Five']
const stages: StageRequest[] = ['draft', 'submitted', 'resubmit', 'retry', 'cancelled']

/** What acts are drawn from. */
export const number = fc.nat(99)
export const word = fc.constantFrom(...words)
export const stage = fc.constantFrom(...stages)

/** Return an act of each value that is drawn. */
export const map = <T extends unknown[]>(
  arbitrary: fc.Arbitrary<T>,
  to: (...args: T) => Act,
): fc.Arbitrary<Act> => arbitrary.map((args) => to(...args))

export const pick = <T>(from: readonly T[], index: number): T => from[index % from.length] as T

/** An act that can be given where it is `ready`, and after which all is compared. */
export function act(name: string, ready: (intent: Intent) => boolean, run: Run): Act {
  return {
    check: ready,
    run: async (intent, desk) => {
      await run(intent, desk)
      await compare(intent, desk)
    },
    toString: () => name,
  }
}

/** Read everything, and find what was told and how all stands to be as it is meant. */
export async function compare(intent: Intent, desk: Desk): Promise<void> {
  const rows = await desk.cms.outbox()
  const { alive } = intent
  const videos = await readAll(
    desk,
    'videos',
    alive.map(({ id }) => id),
  )
  const boards = drafted(intent).map(([, { storyboard }]) => storyboard?.id ?? 0)
  const storyboards = await readAll(desk, 'storyboards', boards)
  for (const video of intent.videos) {
    for (const [name, { told }] of video.films) {
      const stream = video.stream(name)
      const events = rows.filter((row) => row.stream === stream)
      expect(events.map(({ body }) => textOf(JSON.parse(body) as CmsEvent))).toEqual(
        told.map(({ text }) => text),
      )
    }
  }
  for (const video of alive) {
    const doc = videos.get(video.id)
    const films = (doc?.films ?? {}) as Record<string, object>
    expect(Boolean(doc?.deletedAt)).toBe(video.inTrash)
    for (const [name, { retries, stage, submission }] of video.films) {
      if (name && submission === 0) continue
      expect(name ? films[name] : doc).toMatchObject({ retries, stage, submission })
    }
    for (const { storyboard, revision } of video.jobs) {
      if (!storyboard) continue
      const { content, cost: approvedCost, decision, id } = storyboard
      expect(storyboards.get(id)).toMatchObject({
        ...{ approvedCost, decision, revision, title: content.title },
        scenes: [{ narration: content.narration }, {}],
      })
    }
  }
}

async function readAll(
  { cms, drafts }: Desk,
  collection: 'storyboards' | 'videos',
  ids: number[],
): Promise<Map<number, Doc>> {
  const { docs } = await cms.payload.find({
    ...{ collection, where: { id: { in: ids } }, limit: 0, depth: 0, joins: false },
    ...{ overrideAccess: true, showHiddenFields: true },
    ...(collection === 'videos' && { draft: drafts, trash: true }),
  })
  return new Map((docs as unknown as Doc[]).map((doc) => [doc.id, doc]))
}

export const readVideo = async (cms: Cms, { id }: Video, draft: boolean): Promise<Doc> =>
  (await cms.payload.findByID({
    ...{ collection: 'videos', id, draft, depth: 0, joins: false, overrideAccess: true },
    ...{ showHiddenFields: true, trash: true },
  })) as unknown as Doc

function textOf({ data, type }: CmsEvent): string {
  switch (type) {
    case 'video.submitted':
      return `${type} ${String(data.submission)} ${data.brief.title} < ${data.brief.follows ?? ''}`
    case 'video.cancelled':
    case 'video.retried':
      return `${type} ${String(data.submission)}`
    case 'storyboard.approved':
    case 'storyboard.edited': {
      const { narration } = data.storyboard.scenes[0] ?? {}
      const said = `${data.jobId} ${String(data.revision)} ${data.storyboard.title} / ${narration ?? ''}`
      const isApproval = type === 'storyboard.approved'
      const edited = data.edited ? ' edited' : ''
      return `${type} ${said}${isApproval ? ` $${data.estimatedCost ?? ''}${edited}` : ''}`
    }
    default:
      return type
  }
}

export const localeOf = ({ films }: Desk, film: string): string =>
  films.length > 1 ? `&locale=${film || 'en'}&fallback-locale=null` : ''

export function saveVideo(
  desk: Desk,
  { id, inTrash }: Video,
  data: object,
  { film = '', query = '' } = {},
): Promise<Answer> {
  const draft = desk.drafts ? '&draft=true' : ''
  const trash = inTrash ? '&trash=true' : ''
  const path = `/videos/${String(id)}?depth=0${draft}${trash}${localeOf(desk, film)}${query}`
  return desk.cms.ask('PATCH', path, data)
}

export const taken = ({ body, status }: Answer): void => {
  expect({ status, body }).toMatchObject({ status: 200 })
}

export async function noteTitles(desk: Desk, video: Video): Promise<void> {
  for (const film of desk.films) {
    const doc = (await desk.cms.payload.findByID({
      ...{ collection: 'videos', id: video.id, depth: 0, draft: desk.drafts, trash: true },
      ...(desk.films.length > 1 && { locale: film || 'en', fallbackLocale: false }),
    })) as unknown as { title?: string }
    video.titles[film] = doc.title ?? ''
  }
}

export const anAlive = (intent: Intent): boolean => intent.alive.length > 0
export const jobsOf = (intent: Intent): [Video, Job][] =>
  intent.alive.flatMap((video) => video.jobs.map((job): [Video, Job] => [video, job]))
export const drafted = (intent: Intent): [Video, Job][] =>
  jobsOf(intent).filter(([, { storyboard }]) => storyboard)
export const filmed = (intent: Intent): [Video, Job][] =>
  jobsOf(intent).filter(([, { rendition }]) => rendition)
export const some =
  (of: (intent: Intent) => unknown[]) =>
  (intent: Intent): boolean =>
    of(intent).length > 0

/** A run begins with this much, for most acts need it. */
export const submit = (intent: Intent, desk: Desk): Promise<void> =>
  create(intent, desk, 'One', 'submitted')

export async function create(
  intent: Intent,
  desk: Desk,
  title: string,
  stage: string,
): Promise<void> {
  const { cms, drafts, films, project } = desk
  const path = `/videos?depth=0${drafts ? '&draft=true' : ''}${localeOf(desk, '')}`
  const data = { title, project: project.id, script: 'We open at nine.', stage }
  const answer = await cms.ask<{ doc: Doc }>('POST', path, data)
  expect(answer.status).toBe(201)
  const { id, serviceId } = answer.body.doc
  const video = new Video(id, String(serviceId), { '': title })
  for (const each of films) video.film(each)
  intent.videos.push(video)
  desk.seen.set(id, [answer.body.doc])
  if (stage === 'submitted') intent.ask(video, '', 'submitted', title)
  for (const each of films.slice(1)) {
    video.titles[each] = title
    const words = { title, script: 'Wir öffnen um neun.' }
    taken(await saveVideo(desk, video, words, { film: each }))
  }
}

/** Return the id of one of a document's versions, counted from the oldest. */
export async function versionOf(
  cms: Cms,
  collection: string,
  id: number,
  k: number,
): Promise<unknown> {
  const { docs } = await cms.payload.findVersions({
    ...{ collection, sort: 'createdAt', pagination: false, depth: 0, overrideAccess: true },
    where: { parent: { equals: id } },
    // Those that were saved in the trash as well.
    ...(collection === 'videos' && { trash: true }),
  })
  return pick(docs, k).id
}

/** Return a video as the service knows one of its films. */
export function serviceDoc({ project }: Desk, video: Video, { film }: Job): Doc {
  return { id: video.id, serviceId: video.stream(film).slice(6), project: project.id }
}
