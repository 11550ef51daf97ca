/** The voices there are, and what each sounds like, for whoever may read and write here. */
import type { Endpoint, PayloadRequest } from 'payload'

import { readJson } from '../body.ts'
import { type ProjectDoc, serviceIdOf } from '../documents.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { isLanguageTag } from '../text.ts'
import { userName } from '../user.ts'
import { askBridge } from './bridge.ts'
import { paths, type Voice } from './contract.ts'
import { findReadable, mayWrite } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

/** Of a hundred voices each. */
const mostPages = 20
const longestQuestion = 4096

export function voicesEndpoints(settings: Settings): Endpoint[] {
  return [
    { method: 'get', path: paths.voices, handler: (req) => listVoices(settings, req) },
    { method: 'post', path: paths.voiceSample, handler: (req) => hearVoice(settings, req) },
  ]
}

async function listVoices(settings: Settings, req: PayloadRequest): Promise<Response> {
  // It is the same catalogue for every project; whoever may see no project's may not see it.
  if (!(await settings.access.read({ req }))) {
    return problem(403, 'Forbidden', 'You may not see the voices.')
  }
  const voices: Voice[] = []
  let cursor = ''
  for (let page = 0; page < mostPages; page++) {
    const query = new URLSearchParams({ limit: '100', ...(cursor && { cursor }) })
    const told = await askBridge(settings, `/voices?${String(query)}`)
    if (!told) return bridgeUnavailable()
    if (told.status !== 200 || !isRecord(told.body)) return bridgeProblem(told)
    const { nextCursor, voices: some } = told.body
    if (Array.isArray(some)) voices.push(...some.map(toVoice).filter((one) => one !== null))
    if (typeof nextCursor !== 'string') break
    cursor = nextCursor
  }
  return answer(voices)
}

/** Have a sample made for a project whose videos this user may change, or say where it is. */
async function hearVoice(settings: Settings, req: PayloadRequest): Promise<Response> {
  const { projects } = settings.slugs
  const project = await findReadable<ProjectDoc>(req, projects)
  if (!project) return problem(404, 'Not found', 'There is no such project.')
  if (!(await mayWrite(req, projects, project.id))) {
    return problem(403, 'Forbidden', 'You may not change this project.', { code: 'not_a_writer' })
  }
  const wanted = await readJson(req.body ?? null, longestQuestion)
  if (!isRecord(wanted) || typeof wanted.voice !== 'string') {
    return problem(400, 'Not a voice', 'The body names no voice.')
  }
  const upTo = typeof wanted.upTo === 'string' ? wanted.upTo : '0'
  if (Number(upTo) > 0 && !(await settings.access.approve({ req }))) {
    return problem(403, 'Forbidden', 'You may not spend anything.', { code: 'not_an_approver' })
  }
  const told = await askBridge(settings, '/voices/samples', {
    projectId: serviceIdOf(project),
    voice: wanted.voice,
    language: isLanguageTag(wanted.language) ? wanted.language : null,
    upTo,
    by: req.user ? userName(req.user) : '',
  })
  if (!told) return bridgeUnavailable()
  if (![200, 202].includes(told.status) || !isRecord(told.body)) return bridgeProblem(told)
  const { assetId, url } = told.body
  return answer({ url: toLink(url), asset: typeof assetId === 'string' ? assetId : null })
}

function toVoice(value: unknown): null | Voice {
  if (!isRecord(value) || typeof value.id !== 'string') return null
  const text = (one: unknown): string => (typeof one === 'string' ? one : '')
  return {
    id: value.id,
    name: text(value.name) || value.id,
    provider: text(value.provider),
    languages: Array.isArray(value.languages) ? value.languages.map(text).filter(Boolean) : [],
    gender: text(value.gender),
    description: text(value.description),
    sampleUrl: toLink(value.sampleUrl),
    samplePrice: text(value.samplePrice) || '0',
  }
}

function toLink(value: unknown): null | string {
  return typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) ? value : null
}
