import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { StandingsWatch } from '../../src/admin/video/standingsWatch.ts'
import type { Standing, Standings } from '../../src/endpoints/contract.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const standing = (words: string): Standing => ({ words, title: '', style: 'light', isMoving: true })

/** A server that answers after a while, and tells how often it was asked at once. */
class Server {
  readonly asked: string[][] = []
  standings: Standings = {}
  isAway = false
  atOnce = 0
  mostAtOnce = 0

  constructor(readonly answersAfterMs = 0) {}

  readonly ask = async (ids: string[]): Promise<Standings> => {
    this.asked.push(ids)
    this.atOnce += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce)
    await new Promise((resolve) => setTimeout(resolve, this.answersAfterMs))
    this.atOnce -= 1
    if (this.isAway) throw new Error('It is away.')
    return this.standings
  }
}

test('a page of cells asks one question, and each cell hears its own', async () => {
  const server = new Server()
  const watch = new StandingsWatch(5_000, () => false)
  const told = new Map<string, string>()
  for (const id of ['1', '2', '3']) watch.add(id, ({ words }) => told.set(id, words), server.ask)
  server.standings = { 1: standing('one'), 2: standing('two') }
  await vi.advanceTimersByTimeAsync(4_900)
  expect(server.asked).toEqual([])
  await vi.advanceTimersByTimeAsync(200)
  expect(server.asked).toEqual([['1', '2', '3']])
  expect(Object.fromEntries(told)).toEqual({ 1: 'one', 2: 'two' })
  await vi.advanceTimersByTimeAsync(20_000)
  expect(server.asked).toHaveLength(5)
})

test('cells that come and go while it asks start no second question', async () => {
  const server = new Server(8_000)
  const watch = new StandingsWatch(5_000, () => false)
  const leave = watch.add('1', () => undefined, server.ask)
  await vi.advanceTimersByTimeAsync(5_500)
  leave()
  watch.add('2', () => undefined, server.ask)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(server.mostAtOnce).toBe(1)
  // Every thirteen seconds: the answer's eight, and five of rest.
  expect(server.asked).toHaveLength(3)
})

test('nobody is asked once no cell is left, or while nobody looks', async () => {
  let isHidden = true
  const server = new Server()
  const watch = new StandingsWatch(5_000, () => isHidden)
  const leave = watch.add('1', () => undefined, server.ask)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(server.asked).toEqual([])
  isHidden = false
  await vi.advanceTimersByTimeAsync(5_000)
  expect(server.asked).toHaveLength(1)
  leave()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(server.asked).toHaveLength(1)
})

test('a server that is away is asked again, and what was told stands', async () => {
  const server = new Server()
  const watch = new StandingsWatch(5_000, () => false)
  const told: string[] = []
  watch.add('1', ({ words }) => told.push(words), server.ask)
  server.isAway = true
  await vi.advanceTimersByTimeAsync(5_000)
  server.isAway = false
  server.standings = { 1: standing('back') }
  await vi.advanceTimersByTimeAsync(5_000)
  expect(told).toEqual(['back'])
})
