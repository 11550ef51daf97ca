/** A host without a poller: its own cron runs the queue, and that alone keeps the outbox going. */
import { afterEach, beforeEach, expect, test } from 'vitest'

import { prune } from '../../src/outbox/prune.ts'
import { queueName, taskSlug } from '../../src/outbox/wake.ts'
import { resolveSettings } from '../../src/settings.ts'
import { Bridge } from '../support/bridge.ts'
import { type Cms, startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'

const jobsSlug = 'payload-jobs'
const hour = 60 * 60 * 1_000
const day = 24 * hour

let bridge: Bridge
let cms: Cms

beforeEach(async () => {
  bridge = await new Bridge().start()
  cms = await startCms({
    bridgeUrl: bridge.url,
    plugin: { deliver: { pollMs: 0, firstRetryMs: 2_000 } },
    host: { jobs: { deleteJobOnComplete: false, tasks: [] } },
  })
})
afterEach(async () => {
  await cms.close()
  await bridge.stop()
})

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
const runQueue = () => cms.payload.jobs.run({ queue: queueName, overrideAccess: true })

/** Leave a job of the queue, as it was changed last. */
async function leave(data: object): Promise<number | string> {
  const job = { taskSlug, queue: queueName, input: {}, ...data }
  const { id } = await cms.payload.create({ collection: jobsSlug, data: job })
  return id
}

test('an event that met a 503 is sent again, whatever jobs there were before', async () => {
  await leave({ hasError: true, error: { message: 'gone wrong' } })
  await leave({ completedAt: ago(0) })
  await leave({ processing: true })
  // Of another event, that has waited for long already.
  await leave({ waitUntil: ago(-hour) })
  const answers = [503]
  bridge.answer = () => ({ status: answers.shift() ?? 202 })
  await cms.makeVideo({ stage: 'submitted' })
  await runQueue()
  const [row] = await cms.outbox()
  expect(row).toMatchObject({ state: 'queued', attempts: 1 })

  await new Promise((resolve) => {
    setTimeout(resolve, Date.parse(row?.nextAttemptAt ?? '') - Date.now() + 50)
  })
  await runQueue()

  expect((await cms.outbox())[0]).toMatchObject({ state: 'delivered', attempts: 2 })
})

test('events that wait for the same time share one wake-up', async () => {
  bridge.answer = () => ({ status: 503 })
  await cms.makeVideo({ stage: 'submitted' })
  await runQueue()
  await cms.payload.jobs.queue({ task: taskSlug, queue: queueName, input: {} })
  await runQueue()
  const waiting = { waitUntil: { greater_than: ago(0) } }
  const { totalDocs } = await cms.payload.count({ collection: jobsSlug, where: waiting })
  expect(totalDocs).toBe(1)
})

test('what was delivered long ago is forgotten', async () => {
  await cms.makeVideo({ stage: 'submitted' })
  const [row] = await cms.outbox()
  const data = { state: 'delivered', deliveredAt: ago(8 * day) }
  await cms.payload.update({ collection: 'reelwright-outbox', id: row?.id ?? 0, data })
  await runQueue()
  expect(await cms.outbox()).toEqual([])
})

test('wake-ups that are over are forgotten by their age, and those to come are kept', async () => {
  const age = (ms: number) => ({ updatedAt: ago(ms) })
  await leave({ processing: true, ...age(hour) })
  await leave({ hasError: true, ...age(8 * day) })
  await leave({ completedAt: ago(8 * day), ...age(8 * day) })
  const kept = [
    await leave({ processing: true, ...age(0) }),
    await leave({ hasError: true, ...age(day) }),
    await leave({ completedAt: ago(day), ...age(day) }),
    await leave({ waitUntil: ago(-hour), ...age(hour) }),
    await leave({ taskSlug: undefined, queue: 'default', ...age(30 * day) }),
  ]
  await prune(cms.payload, resolveSettings({ ...plugin, bridgeUrl: bridge.url }))
  const { docs } = await cms.payload.find({ collection: jobsSlug, limit: 0, sort: 'id' })
  expect(docs.map(({ id }) => id)).toEqual(kept)
})
