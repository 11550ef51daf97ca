/** What a project's page gives to its films: how words are said, and what new videos begin with. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'

const bridge = new Bridge()
let cms: Cms

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.received.length = 0
})

const nginx = { word: 'nginx', spoken: 'engine x' }

async function makeProject(data: object = {}): Promise<Doc> {
  const { body, status } = await cms.ask<{ doc: Doc }>('POST', '/projects', {
    name: 'The bakery',
    ...data,
  })
  expect(status).toBe(201)
  return body.doc
}

const change = async (project: Doc, data: object): Promise<number> =>
  (await cms.ask('PATCH', `/projects/${String(project.id)}`, data)).status

describe('the lexicon', () => {
  test('is told whole whenever it changes, in order, and by no other save', async () => {
    const project = await makeProject({ lexicon: [nginx] })
    expect(await change(project, { name: 'The mill' })).toBe(200)
    const german = { word: 'SQL', spoken: 'Es Ku El', language: 'de' }
    expect(await change(project, { lexicon: [nginx, german] })).toBe(200)
    expect(await change(project, { lexicon: [] })).toBe(200)
    await vi.waitFor(() => expect(bridge.received).toHaveLength(3), { timeout: 5_000 })
    const entry = { ...nginx, language: null }
    expect(bridge.received.map(({ event }) => [event.type, event.data])).toEqual(
      [[entry], [entry, german], []].map((entries, index) => [
        'project.lexicon_changed',
        {
          project: { id: project.serviceId, name: index === 0 ? 'The bakery' : 'The mill' },
          entries,
        },
      ]),
    )
  })

  test('of a project that never had any is not told of', async () => {
    const project = await makeProject()
    expect(await change(project, { name: 'The mill' })).toBe(200)
    expect(
      (await cms.outbox()).filter(({ stream }) => stream.includes(String(project.serviceId))),
    ).toEqual([])
  })

  test.for([
    { ...nginx, word: '' },
    { ...nginx, word: 'two\nlines' },
    { ...nginx, spoken: 'x'.repeat(201) },
    { ...nginx, language: 'german!' },
  ])('takes no %o', async (entry) => {
    const { status } = await cms.ask('POST', '/projects', { name: 'P', lexicon: [entry] })
    expect(status).toBe(400)
  })
})

describe('a new video', () => {
  const defaults = { aspectRatio: '9:16', musicMood: 'warm', locale: 'de', speed: 1.1 }

  test('begins with what its project says, where its author says nothing', async () => {
    const { id: project } = await makeProject({ defaults })
    const { body } = await cms.ask<{ doc: Doc }>('POST', '/videos', {
      ...{ title: 'Bread', project, musicMood: 'none' },
    })
    expect(body.doc).toMatchObject({ ...defaults, musicMood: 'none' })
  })

  test('begins as any video does where its project says nothing', async () => {
    const { id: project } = await makeProject({ defaults: { aspectRatio: null } })
    const { body } = await cms.ask<{ doc: Doc }>('POST', '/videos', { title: 'Bread', project })
    expect(body.doc).toMatchObject({ aspectRatio: '16:9', locale: 'en', musicMood: 'none' })
  })
})
