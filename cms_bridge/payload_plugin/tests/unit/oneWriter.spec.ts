import { expect, test } from 'vitest'

import { Turns } from '../../dev/oneWriter.ts'

test('turns are given one at a time, first come, first served', async () => {
  const turns = new Turns(1_000)
  const seen: string[] = []
  const write = async (name: string): Promise<void> => {
    const done = await turns.take()
    seen.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    seen.push(`${name} ends`)
    done()
  }
  await Promise.all(['a', 'b', 'c'].map(write))
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('a turn that is never ended holds the others up only for a while', async () => {
  const turns = new Turns(20)
  await turns.take()
  await expect(turns.take()).resolves.toBeTypeOf('function')
})
