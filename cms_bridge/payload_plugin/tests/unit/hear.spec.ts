/** A voice's sample on a page that was open for longer than its link was good. */
import { expect, test, vi } from 'vitest'

import { hear } from '../../src/admin/shared/hear.ts'

const old = 'https://bridge.example/kore.wav?expires=1'
const fresh = 'https://bridge.example/kore.wav?expires=2'

/** A player of good links, and sources that tell one. */
function sources(good: string[]) {
  return {
    find: vi.fn(() => Promise.resolve(fresh)),
    renew: vi.fn(() => Promise.resolve<null | string>(fresh)),
    play: vi.fn((url: string) =>
      good.includes(url) ? Promise.resolve() : Promise.reject(new Error('NotSupportedError')),
    ),
  }
}

test('a link that is known is played, and nothing is asked', async () => {
  const given = sources([old])
  expect(await hear({ known: old, ...given })).toBe(old)
  expect(given.renew).not.toHaveBeenCalled()
  expect(given.find).not.toHaveBeenCalled()
})

test('one that has ended is looked up anew, without having anything made', async () => {
  const given = sources([fresh])
  expect(await hear({ known: old, ...given })).toBe(fresh)
  expect(given.play.mock.calls).toEqual([[old], [fresh]])
  expect(given.find).not.toHaveBeenCalled()
})

test('and once: what does not play then either is not to be heard', async () => {
  const given = sources([])
  await expect(hear({ known: old, ...given })).rejects.toThrow()
  expect(given.renew).toHaveBeenCalledTimes(1)
  given.renew.mockResolvedValue(null)
  await expect(hear({ known: old, ...given })).rejects.toThrow('nothing to hear')
})

test('without a link it is found, and what does not play is not looked up again', async () => {
  const given = sources([])
  await expect(hear({ known: null, ...given })).rejects.toThrow()
  expect(given.find).toHaveBeenCalledTimes(1)
  expect(given.renew).not.toHaveBeenCalled()
})
