import { expect, test } from 'vitest'

import { judge, waitAfter } from '../../src/outbox/backoff.ts'
import { rowAfterAttempt } from '../../src/outbox/deliver.ts'
import { resolveSettings } from '../../src/settings.ts'

const settings = resolveSettings({
  bridgeUrl: 'http://bridge',
  webhookSecret: `whsec_${Buffer.alloc(32).toString('base64')}`,
  apiKey: 'key',
})

test.for([
  [200, 'delivered'],
  [202, 'delivered'],
  [301, 'retry'],
  [400, 'refused'],
  [401, 'retry'],
  [403, 'retry'],
  [404, 'refused'],
  [408, 'retry'],
  [409, 'refused'],
  [410, 'refused'],
  [413, 'refused'],
  [422, 'refused'],
  [425, 'retry'],
  [429, 'retry'],
  [500, 'retry'],
  [503, 'retry'],
] as const)('the answer %d means %s', ([status, outcome]) => {
  expect(judge(status)).toBe(outcome)
})

test("a proxy's 404 passes with time, the bridge's own does not", () => {
  expect(judge(404, { explained: false })).toBe('retry')
  expect(judge(404, { explained: true })).toBe('refused')
})

test('waits double from one second to five minutes', () => {
  const waits = [1, 2, 3, 4, 9, 10, 1_000].map((attempts) => waitAfter(attempts, settings.deliver))
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000])
})

test('three days after it was written, an event is given up', () => {
  const away = {
    outcome: 'retry',
    status: null,
    reason: 'connect ECONNREFUSED',
    problem: null,
  } as const
  const written = (days: number) => ({
    createdAt: new Date(Date.now() - days * 86_400_000).toISOString(),
  })
  expect(rowAfterAttempt(away, written(2.9), 50, settings)).not.toHaveProperty('state')
  expect(rowAfterAttempt(away, written(3.1), 50, settings)).toMatchObject({ state: 'refused' })
})
