/** A real Payload with the plugin on a database of its own, spoken to over HTTP. */
import { randomUUID } from 'node:crypto'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Config, type DatabaseAdapterObj, getPayload, type Payload } from 'payload'
import {
  type OutboxDoc,
  type ReelwrightOptions,
  type RenditionWrite,
  stopPoller,
  type StoryboardWrite,
} from 'payload-plugin-reelwright'
import { Webhook } from 'standardwebhooks'
import { inject } from 'vitest'

import { type AppOptions, makeConfig } from '../../dev/config.ts'
import { serve } from '../../dev/http.ts'
import { plugin, secret, user } from './constants.ts'
import { copyOfPostgres, letGo } from './databases.ts'

export interface Answer<T = Record<string, unknown>> {
  status: number
  headers: Headers
  body: T
}

export interface Doc {
  id: number
  [name: string]: unknown
}

export interface SignOptions {
  at?: Date
  /** Changes the body after it was signed. */
  tamper?: (body: string) => string
  headers?: Record<string, string>
}

interface Question extends Omit<RequestInit, 'headers'> {
  anonymous?: boolean
  headers?: Record<string, string>
}

export class Cms {
  token = ''

  constructor(
    readonly payload: Payload,
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  /** Ask the REST API; as the signed-in editor unless told to be nobody. */
  async ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    { anonymous = false, language = 'en' } = {},
  ): Promise<Answer<T>> {
    const response = await this.fetch(path, {
      method,
      anonymous,
      redirect: 'manual',
      headers: {
        'accept-language': language,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return answerOf<T>(response)
  }

  /** Ask as the user who is signed in, for an answer as it came. */
  fetch(path: string, { anonymous = false, headers, ...rest }: Question = {}): Promise<Response> {
    return fetch(`${this.url}/api${path}`, {
      ...rest,
      headers: { ...headers, ...(!anonymous && { authorization: `JWT ${this.token}` }) },
    })
  }

  /** Make another user, and return the same CMS as that one sees it. */
  async signedInAs(email: string): Promise<Cms> {
    const { password } = user
    await this.payload.create({
      collection: 'users',
      data: { email, password },
      overrideAccess: true,
    })
    const other = new Cms(this.payload, this.url, this.close)
    const { body } = await this.ask<{ token: string }>('POST', '/users/login', { email, password })
    other.token = body.token
    return other
  }

  /** Create a document and return it. */
  async make(collection: string, data: object): Promise<Doc> {
    const { body, status } = await this.ask<{ doc: Doc }>('POST', `/${collection}?depth=0`, data)
    if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`)
    return body.doc
  }

  /** Change a document and return it. */
  async change(collection: string, id: unknown, data: object, query = ''): Promise<Doc> {
    const path = `/${collection}/${String(id)}?depth=0${query}`
    const { body, status } = await this.ask<{ doc: Doc }>('PATCH', path, data)
    if (status !== 200) throw new Error(`${String(status)} ${JSON.stringify(body)}`)
    return body.doc
  }

  async read(collection: string, id: unknown): Promise<Doc> {
    return (await this.ask<Doc>('GET', `/${collection}/${String(id)}?depth=0`)).body
  }

  async outbox(): Promise<OutboxDoc[]> {
    const { docs } = await this.payload.find({
      collection: 'reelwright-outbox',
      sort: 'id',
      limit: 0,
    })
    return docs as unknown as OutboxDoc[]
  }

  /** A project and a video with a script, not yet submitted. */
  async makeVideo(data: object = {}): Promise<Doc> {
    const project = await this.make('projects', { name: 'Harbour tours' })
    return this.make('videos', {
      title: 'Opening hours',
      project: project.id,
      script: 'We open at nine.\n\nWe close at six.',
      ...data,
    })
  }

  /** Write as the service does: signed, over the raw bytes. */
  async put(path: string, content: unknown, options: SignOptions = {}): Promise<Answer> {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    const id = `msg_${randomUUID()}`
    const at = options.at ?? new Date()
    const response = await fetch(`${this.url}/api/reelwright${path}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(plugin.webhookSecret).sign(id, at, text),
        ...options.headers,
      },
      body: options.tamper ? options.tamper(text) : text,
    })
    return answerOf(response)
  }

  putStoryboard(write: StoryboardWrite, options?: SignOptions): Promise<Answer> {
    return this.put(`/jobs/${write.jobId}/storyboard`, write, options)
  }

  putRendition(write: RenditionWrite, options?: SignOptions): Promise<Answer> {
    return this.put(`/jobs/${write.jobId}/rendition`, write, options)
  }
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text()
  const body = (text ? JSON.parse(text) : {}) as T
  return { status: response.status, headers: response.headers, body }
}

export interface CmsOptions {
  bridgeUrl: string
  plugin?: Partial<ReelwrightOptions>
  host?: Partial<Config>
  plugins?: AppOptions['plugins']
  /** Another database than the engine's that the suite is run on, given the address of a migrated, empty one. */
  database?: (sqliteUrl: string) => DatabaseAdapterObj
}

/** Start a Payload on a copy of the empty database and sign its editor in. */
export async function startCms(options: CmsOptions): Promise<Cms> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'reelwright-cms-'))
  const file = path.join(directory, 'cms.sqlite')
  await copyFile(inject('templateDatabase'), file)
  const key = randomUUID()
  const server = inject('templateServer')
  const [copy, url = ''] = server && !options.database ? await copyOfPostgres(server) : []
  const database = options.database?.(`file:${file}`) ?? copy
  const config = makeConfig({
    databaseUri: `file:${file}`,
    secret,
    mediaDirectory: path.join(directory, 'media'),
    host: { ...options.host },
    plugins: options.plugins ?? {},
    ...(database && { database }),
    plugin: {
      ...plugin,
      bridgeUrl: options.bridgeUrl,
      ...options.plugin,
      deliver: { pollMs: 50, firstRetryMs: 100, ...options.plugin?.deliver },
    },
  })
  const payload = await getPayload({ config, cron: false, key })
  const { totalDocs } = await payload.count({ collection: 'users', overrideAccess: true })
  if (totalDocs === 0) {
    await payload.create({ collection: 'users', data: user, overrideAccess: true })
  }
  const served = await serve(config, { port: 0, key })
  const cms = new Cms(payload, served.url, async () => {
    stopPoller(payload)
    await served.close()
    await payload.destroy()
    if (url) await letGo(payload, url)
    await rm(directory, { recursive: true })
  })
  const { body } = await cms.ask<{ token: string }>('POST', '/users/login', user)
  cms.token = body.token
  return cms
}
