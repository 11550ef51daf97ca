/** The plugin as a guest: it adds what is its own and leaves the host's configuration working. */
import type { Config } from 'payload'
import { reelwright } from 'payload-plugin-reelwright'
import { afterEach, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'

const options = { ...plugin, bridgeUrl: 'http://127.0.0.1:9' }
let cms: Cms | undefined
let bridge: Bridge | undefined

afterEach(async () => {
  await cms?.close()
  await bridge?.stop()
  cms = undefined
  bridge = undefined
})

test('a host keeps its own endpoints, collections and start-up', async () => {
  const started = vi.fn()
  cms = await startCms({
    bridgeUrl: options.bridgeUrl,
    plugin: { deliver: { pollMs: 0 } },
    host: {
      endpoints: [{ method: 'get', path: '/hello', handler: () => Response.json({ hello: 1 }) }],
      onInit: started,
    },
  })
  expect(started).toHaveBeenCalledOnce()
  expect((await cms.ask('GET', '/hello')).body).toEqual({ hello: 1 })
  const awake = await cms.ask('GET', '/reelwright/awake', undefined, { anonymous: true })
  expect(awake.status).toBe(204)
  expect(Object.keys(cms.payload.collections)).toEqual(
    expect.arrayContaining(['users', 'projects', 'videos', 'storyboards', 'renditions']),
  )
})

test('a host keeps its tasks, and may rename collections and have the last word on them', async () => {
  const task = { slug: 'own', handler: () => ({ output: {} }) }
  const config = await reelwright({
    ...options,
    slugs: { videos: 'films' },
    overrides: { projects: (collection) => ({ ...collection, labels: { singular: 'Client' } }) },
  })({ jobs: { tasks: [task] } } as unknown as Config)
  expect(config.jobs?.tasks?.map((each) => each.slug as string)).toEqual([
    'own',
    'reelwrightDeliver',
  ])
  const slugs = config.collections?.map(({ slug }) => slug)
  expect(slugs).toEqual(['projects', 'films', 'storyboards', 'renditions', 'reelwright-outbox'])
  expect(config.collections?.[0]?.labels).toEqual({ singular: 'Client' })
})

test('switched off, it keeps the schema and does nothing', async () => {
  const on = await reelwright(options)({} as Config)
  const off = await reelwright({ ...options, disabled: true })({} as Config)
  const schema = (config: Config): unknown =>
    config.collections?.map(({ fields, slug }) => ({ fields: fields.length, slug }))
  expect(schema(off)).toEqual(schema(on))
  expect(off.jobs?.tasks).toHaveLength(1)
  expect(off.endpoints).toBeUndefined()
  expect(off.onInit).toBeUndefined()
  expect(off.collections?.every(({ hooks }) => Object.keys(hooks ?? {}).length === 0)).toBe(true)
})

test('no secret stands in the outbox, in a job or in an answer', async () => {
  bridge = await new Bridge().start()
  bridge.answer = () => ({ status: 503, body: { detail: 'Busy.' } })
  cms = await startCms({ bridgeUrl: bridge.url })
  const video = await cms.makeVideo({ stage: 'submitted' })
  await vi.waitFor(() => {
    expect(bridge?.received.length).toBeGreaterThan(0)
  })
  const jobs = await cms.payload.find({ collection: 'payload-jobs', limit: 0 })
  const status = await cms.ask('GET', `/reelwright/videos/${String(video.id)}/status`)
  const everything = JSON.stringify([await cms.outbox(), jobs.docs, status.body])
  expect(everything).toContain('video.submitted')
  for (const secret of [plugin.apiKey, plugin.webhookSecret]) {
    expect(everything).not.toContain(secret)
    expect(everything).not.toContain(secret.replace('whsec_', ''))
  }
})
