/** Who it is that refuses: a service that is away is asked again, and nothing else is. */
import { expect, test } from 'vitest'

import { isAway, toRefused } from '../../src/admin/shared/reply.ts'

const signedOut = { errors: [{ message: 'You are not allowed to perform this action.' }] }

test.for([
  [503, { title: 'Render service away', code: 'service_away' }, true],
  [502, undefined, true],
  [500, { errors: [{ message: 'Something went wrong.' }] }, true],
  [502, { title: 'Unexpected answer' }, false],
  [401, signedOut, false],
  [403, signedOut, false],
  [413, undefined, false],
  [409, { title: 'Refused', code: 'illegal_move' }, false],
  // Asked too often, by the bridge's word or a proxy's.
  [429, { title: 'Refused', code: 'rate_limited' }, true],
  [429, undefined, true],
] as const)('%i %o is away: %s', ([status, body, away]) => {
  expect(isAway(toRefused(status, body))).toBe(away)
})

test('what there is against a question is told, by Payload’s words or by the number', () => {
  expect(toRefused(403, signedOut).problem?.message).toBe(signedOut.errors[0]?.message)
  expect(toRefused(413, undefined).problem).toMatchObject({ params: { status: 413 } })
  expect(toRefused(502, undefined).problem).toBeNull()
})
