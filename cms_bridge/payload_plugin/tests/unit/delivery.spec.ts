/** What keeps an event from the service, as an administrator of any language reads it. */
import { expect, test } from 'vitest'

import { undelivered } from '../../src/admin/delivery/words.ts'
import { translateProblem } from '../../src/admin/shared/translateProblem.ts'

const busy = { code: 'database_busy', message: 'The database is busy.', params: {} }

function told(event: Parameters<typeof undelivered>[0], language: string): null | string {
  const problem = undelivered(event, language)
  return problem && translateProblem(problem, language)
}

test('a reason with a code is told in words, also while the event waits', () => {
  const event = { lastError: busy.message, problem: busy }
  expect(told({ ...event, state: 'queued' }, 'de')).toMatch(/^Der Renderdienst hat im Moment mehr/)
  expect(told({ ...event, state: 'refused' }, 'ar')).toMatch(/^لدى خدمة الإنتاج/)
})

test('what a system says of a connection is told to nobody', () => {
  for (const language of ['ar', 'de', 'en', 'es', 'fr', 'pl']) {
    const event = { lastError: 'connect ECONNREFUSED', problem: null }
    const words = [
      told({ ...event, state: 'queued' }, language),
      told({ ...event, state: 'refused' }, language),
    ]
    expect(words.filter((each) => !each || each.includes('ECONNREFUSED'))).toEqual([])
    expect(new Set(words).size).toBe(2)
  }
})

test('nothing is told of one that was delivered, or not tried yet', () => {
  expect(told({ state: 'delivered', lastError: 'HTTP 503', problem: busy }, 'de')).toBeNull()
  expect(told({ state: 'queued', lastError: null, problem: null }, 'de')).toBeNull()
})
