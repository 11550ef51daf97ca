/** Acts at the same time: whoever presses a button with others, each step is told once. */
import type { CmsEvent, StoryboardChange } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, databases } from '../support/databases.ts'
import { renditionWrite, storyboardWrite } from '../support/samples.ts'

describe.each(Object.entries(databases))('on %s', (name, begin) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({ bridgeUrl: bridge.url, ...database.options })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(() => {
    bridge.received.length = 0
  })

  async function told(): Promise<CmsEvent[]> {
    await vi.waitFor(
      async () => {
        const rows = await cms.outbox()
        expect(rows.filter(({ state }) => state === 'queued')).toEqual([])
      },
      { timeout: 8_000, interval: 25 },
    )
    return bridge.received.map(({ event }) => event)
  }

  const typesOf = (events: CmsEvent[]): string[] => events.map(({ type }) => type)

  const fourTimes = (collection: string, { id }: Doc, data: object): Promise<Doc[]> =>
    Promise.all(Array.from({ length: 4 }, () => cms.change(collection, id, data)))

  async function drafted(): Promise<{ storyboard: Doc; video: Doc }> {
    const video = await cms.makeVideo({ stage: 'submitted' })
    await cms.putRendition(renditionWrite(video, { status: 'storyboard_complete' }))
    const { body } = await cms.putStoryboard(storyboardWrite(video))
    const storyboard = await cms.read('storyboards', body.id)
    await told()
    bridge.received.length = 0
    return { storyboard, video }
  }

  test('four who submit have submitted once', async () => {
    const video = await cms.makeVideo()
    await fourTimes('videos', video, { stage: 'submitted' })
    expect(typesOf(await told())).toEqual(['video.submitted'])
    const saved = { stage: 'submitted', submission: 1 }
    expect(await cms.read('videos', video.id)).toMatchObject(saved)
  })

  test('four who cancel have cancelled once', async () => {
    const { video } = await drafted()
    await fourTimes('videos', video, { stage: 'cancelled' })
    expect(typesOf(await told())).toEqual(['video.cancelled'])
    expect(await cms.read('videos', video.id)).toMatchObject({ stage: 'cancelled' })
  })

  test('four who approve have approved once', async () => {
    const { storyboard } = await drafted()
    await fourTimes('storyboards', storyboard, { decision: 'approved', approvedCost: '0.00' })
    const events = await told()
    expect(typesOf(events)).toEqual(['storyboard.approved'])
    expect(events[0]?.data).toMatchObject({ revision: 1 })
    const saved = { decision: 'approved', revision: 1 }
    expect(await cms.read('storyboards', storyboard.id)).toMatchObject(saved)
  })

  test('who saves words while others submit does not take it back', async () => {
    const video = await cms.makeVideo()
    const words = (title: string) => cms.change('videos', video.id, { title })
    await Promise.all([
      words('One'),
      fourTimes('videos', video, { stage: 'submitted' }),
      words('Two'),
    ])
    expect(typesOf(await told())).toEqual(['video.submitted'])
    await words('Three')
    await cms.change('videos', video.id, { stage: 'resubmit' })
    expect(typesOf(await told())).toEqual(['video.submitted', 'video.submitted'])
  })

  test.runIf(name !== 'SQLite without transactions')(
    'four who edit have edited four times, and the last word is the one that stands',
    async () => {
      const { storyboard } = await drafted()
      const titles = ['One', 'Two', 'Three', 'Four']
      await Promise.all(titles.map((title) => cms.change('storyboards', storyboard.id, { title })))
      const events = await told()
      expect(typesOf(events)).toEqual(titles.map(() => 'storyboard.edited'))
      const changes = events.map(({ data }) => data as StoryboardChange)
      const byRevision = changes.toSorted((one, other) => one.revision - other.revision)
      expect(byRevision.map(({ revision }) => revision)).toEqual([1, 2, 3, 4])
      const { revision, title } = await cms.read('storyboards', storyboard.id)
      expect({ revision, title }).toEqual({
        revision: 4,
        title: byRevision[3]?.storyboard.title,
      })
    },
  )

  // Whoever waits for a turn on SQLite reads only then, and asks for one more.
  test.runIf(name === 'PostgreSQL').for(['resubmit', 'retry'])(
    'four who ask for the same work once more (%s) get it once',
    async (stage) => {
      const { video } = await drafted()
      await fourTimes('videos', video, { stage })
      expect(await told()).toHaveLength(1)
    },
  )
})
