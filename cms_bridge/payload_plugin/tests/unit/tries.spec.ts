import { expect, test } from 'vitest'

import { pauseBefore } from '../../src/admin/rendition/tries.ts'

test('a film that stays broken is tried again less and less, and then no more', () => {
  const pauses: number[] = []
  for (let next = pauseBefore(0); next !== null; next = pauseBefore(pauses.length)) {
    expect(next).toBeGreaterThan(pauses.at(-1) ?? 0)
    pauses.push(next)
  }
  expect(pauses).toHaveLength(5)
})
