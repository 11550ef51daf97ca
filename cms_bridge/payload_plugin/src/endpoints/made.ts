/**
 * What a project has made by itself: reference pictures of its cast, and samples of voices.
 *
 * A picture is ordered at a price that was shown, followed until it is there, and put into the
 * host's media library as whoever asked for it: from then on it is a file like any other there.
 */
import type { Endpoint, PayloadRequest } from 'payload'

import { readBounded, readJson } from '../body.ts'
import { type ProjectDoc, serviceIdOf } from '../documents.ts'
import { foreignValues } from '../foreign.ts'
import type { CastKind } from '../generated/events.ts'
import { isRecord } from '../json.ts'
import { toProblem } from '../problem.ts'
import type { Settings } from '../settings.ts'
import { userName } from '../user.ts'
import { askBridge, openFile } from './bridge.ts'
import { type Made, paths } from './contract.ts'
import { findReadable, mayWrite } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

const longestQuestion = 64 * 1024
/** Bytes of a picture: more than any model answers with. */
const largestPicture = 64 * 1024 * 1024
const kinds: readonly CastKind[] = ['person', 'place', 'thing']
const endings: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
}

export function madeEndpoints(settings: Settings): Endpoint[] {
  return [
    {
      method: 'post',
      path: paths.drawMember,
      handler: (req) => ofProject(settings, req, (project) => draw(settings, req, project)),
    },
    {
      method: 'get',
      path: paths.made,
      handler: (req) =>
        ofProject(settings, req, async (project) => {
          const asset = await findMade(settings, req, project)
          return asset instanceof Response ? asset : answer(toMade(asset))
        }),
    },
    {
      method: 'post',
      path: paths.keepMade,
      handler: (req) => ofProject(settings, req, (project) => keep(settings, req, project)),
    },
  ]
}

/** Answer for a project that whoever asks may change. */
async function ofProject(
  settings: Settings,
  req: PayloadRequest,
  respond: (project: ProjectDoc) => Promise<Response>,
): Promise<Response> {
  const { projects } = settings.slugs
  const project = await findReadable<ProjectDoc>(req, projects)
  if (!project) return problem(404, 'Not found', 'There is no such project.')
  if (!(await mayWrite(req, projects, project.id))) {
    return problem(403, 'Forbidden', 'You may not change this project.')
  }
  return respond(project)
}

async function draw(
  settings: Settings,
  req: PayloadRequest,
  project: ProjectDoc,
): Promise<Response> {
  const { look } = project
  const wanted = await readJson(req.body ?? null, longestQuestion)
  const kind = isRecord(wanted) ? kinds.find((known) => known === wanted.kind) : undefined
  if (!isRecord(wanted) || !kind || typeof wanted.description !== 'string') {
    return problem(400, 'Not a member', 'The body describes nobody and nothing.')
  }
  const upTo = typeof wanted.upTo === 'string' ? wanted.upTo : '0'
  if (Number(upTo) > 0 && !(await settings.access.approve({ req }))) {
    return problem(403, 'Forbidden', 'You may not spend anything.', { code: 'not_an_approver' })
  }
  const told = await askBridge(settings, '/media/generate', {
    projectId: serviceIdOf(project),
    kind: 'image',
    reference: kind,
    prompt: wanted.description,
    style: [look?.style, look?.palette, look?.lens].filter(Boolean).join(', '),
    aspectRatio: '1:1',
    take: typeof wanted.take === 'number' ? wanted.take : 0,
    upTo,
    by: req.user ? userName(req.user) : '',
  })
  if (!told) return bridgeUnavailable()
  const refusal = told.status === 409 ? toProblem(told.body) : null
  if (refusal?.code === 'approval_conflict') {
    return answer({ asset: null, price: String(refusal.params?.estimatedCost ?? '') })
  }
  if (![200, 202].includes(told.status) || !isRecord(told.body)) return bridgeProblem(told)
  return answer({ asset: String(told.body.id), price: null })
}

/** Put a picture into the media library, as whoever asks would. */
async function keep(
  settings: Settings,
  req: PayloadRequest,
  project: ProjectDoc,
): Promise<Response> {
  const wanted = await readJson(req.body ?? null, longestQuestion)
  const name = isRecord(wanted) && typeof wanted.name === 'string' ? wanted.name.trim() : ''
  const collection = settings.media.find((slug) => takesPictures(req, slug))
  if (!collection) {
    return problem(409, 'No library', 'The media library takes no pictures.', {
      code: 'no_library',
    })
  }
  const asset = await findMade(settings, req, project)
  if (asset instanceof Response) return asset
  const ending = endings[String(asset.mediaType)]
  if (toMade(asset).state !== 'ready' || !ending) {
    return problem(409, 'Not ready', 'The picture is not there.', { code: 'medium_not_ready' })
  }
  const file = await openFile(settings, `/media/assets/${String(asset.id)}/content`)
  const data = file?.status === 200 ? await readBounded(file.body, largestPicture) : null
  if (!data) return bridgeUnavailable()
  const origin = { collection: settings.slugs.projects, doc: project }
  const fields = req.payload.collections[collection]?.config.flattenedFields ?? []
  const alt = fields.some((field) => field.name === 'alt' && field.type === 'text')
  try {
    const { id } = await req.payload.create({
      collection,
      data: { ...foreignValues(req.payload, origin, collection), ...(alt && { alt: name }) },
      file: {
        data,
        mimetype: String(asset.mediaType),
        name: `${fileName(name)}-${String(asset.id).slice(0, 8)}.${ending}`,
        size: data.length,
      },
      overrideAccess: false,
      req,
    })
    return answer({ relationTo: collection, value: id })
  } catch (error) {
    // What the host's own library asks for, such as a field that must be filled, is its own words.
    req.payload.logger.warn({ err: error, msg: 'A drawn reference could not be kept.' })
    const detail = error instanceof Error ? error.message : 'The media library refused it.'
    return problem(422, 'Refused', detail, { code: 'library_refused', params: { reason: detail } })
  }
}

function takesPictures(req: PayloadRequest, slug: string): boolean {
  const { upload } = req.payload.collections[slug]?.config ?? {}
  const types = upload?.mimeTypes
  return !types?.length || types.some((type) => type === '*/*' || type.startsWith('image/'))
}

/** Return what the bridge has by that name for this very project. */
async function findMade(
  settings: Settings,
  req: PayloadRequest,
  project: ProjectDoc,
): Promise<Record<string, unknown> | Response> {
  const asset = encodeURIComponent(String(req.routeParams?.asset))
  const told = await askBridge(settings, `/media/assets/${asset}`)
  if (!told) return bridgeUnavailable()
  if (told.status !== 200 || !isRecord(told.body)) return bridgeProblem(told)
  if (told.body.projectId !== serviceIdOf(project)) {
    return problem(404, 'Not found', 'There is no such medium.', { code: 'medium_not_found' })
  }
  return told.body
}

function toMade({ error, kind, placeholder, status }: Record<string, unknown>): Made {
  if (status === 'ready') {
    // A designed card shows nobody; the free voice is a voice.
    if (kind !== 'image' || placeholder !== true) return { state: 'ready', problem: null }
    return { state: 'failed', problem: { code: 'nothing_drawn', message: '', params: {} } }
  }
  if (status === 'failed' || status === 'cancelled') {
    const unknown = { code: 'generation_failed', message: '', params: {} }
    const { code, message, params } = isRecord(error) ? error : unknown
    const told = toProblem({ code, detail: message, params })
    return { state: 'failed', problem: told ?? unknown }
  }
  return { state: 'making', problem: null }
}

/** Return a name as a file may have it in every system, and in every script. */
function fileName(name: string): string {
  const kept = name.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
  return kept.replace(/^-+|-+$/g, '').slice(0, 60) || 'reference'
}
