import { expect, test } from 'vitest'

import { reasonOf } from '../../src/outbox/reason.ts'
import { send } from '../../src/outbox/send.ts'
import { resolveSettings } from '../../src/settings.ts'

test('an error is told by its kind and code, never by its text', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  })
  expect(reasonOf(new TypeError('fetch failed', { cause: refused }))).toBe('connect ECONNREFUSED')
  const query = new Error('Failed query: insert … params: the-body', {
    cause: Object.assign(new Error('constraint failed: the-body'), { code: 'SQLITE_CONSTRAINT' }),
  })
  expect(reasonOf(query)).toBe('SQLITE_CONSTRAINT')
  expect(reasonOf(new RangeError('the-body'))).toBe('RangeError')
  expect(reasonOf('the-body')).toBe('string')
})

test('the password in a bridge URL is not told', async () => {
  const settings = resolveSettings({
    bridgeUrl: 'http://user:the-password@127.0.0.1:1',
    webhookSecret: `whsec_${Buffer.alloc(32).toString('base64')}`,
    apiKey: 'key',
  })
  const result = await send(settings, { body: '{}', eventId: 'evt_1' })
  expect(result.outcome).toBe('retry')
  expect(JSON.stringify(result)).not.toContain('the-password')
})
