/** Saves of one video in two locales at the same time: no film is lost, and each step is told once. */
import type { CollectionConfig } from 'payload'
import type { CmsEvent } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from '../support/bridge.ts'
import { type Cms, type Doc, startCms } from '../support/cms.ts'
import { type Database, emptyDatabases, emptyWithoutTransactions } from '../support/databases.ts'
import { renditionWrite } from '../support/samples.ts'

const kinds: Record<string, () => Database | Promise<Database>> = {
  ...emptyDatabases,
  'SQLite without transactions': emptyWithoutTransactions,
}
const locales = ['en', 'de', 'fr'] as const
type Film = Record<'retries' | 'stage' | 'submission', unknown>

/** Has a save wait between what it has read and what it writes, until others have saved. */
const gate: { open?: Promise<void>; reached?: () => void } = {}
const withGate = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  hooks: {
    ...collection.hooks,
    beforeChange: [
      ...(collection.hooks?.beforeChange ?? []),
      async ({ data, req }) => {
        if (req.query.late === 'true') {
          gate.reached?.()
          await gate.open
        }
        return data as object
      },
    ],
  },
})

describe.each(Object.entries(kinds))('on %s', (name, begin) => {
  const bridge = new Bridge()
  let database: Database
  let cms: Cms
  let video: Doc

  beforeAll(async () => {
    await bridge.start()
    database = await begin()
    cms = await startCms({
      bridgeUrl: bridge.url,
      host: { localization: { locales: [...locales], defaultLocale: 'en', fallback: true } },
      plugin: { localized: true, overrides: { videos: withGate } },
      ...database.options,
    })
  })
  afterAll(async () => {
    await cms.close()
    await bridge.stop()
    await database.stop?.(cms)
  })
  beforeEach(async () => {
    video = await cms.makeVideo()
    for (const locale of locales.slice(1)) {
      await save(locale, { title: `Title ${locale}`, script: `Words ${locale}.` })
    }
    bridge.received.length = 0
  })

  const save = (locale: string, data: object, query = ''): Promise<Doc> =>
    cms.change('videos', video.id, data, `&locale=${locale}&fallback-locale=null${query}`)
  const atOnce = (data: object): Promise<Doc[]> =>
    Promise.all(locales.flatMap((locale) => [save(locale, data), save(locale, data)]))

  async function told(type: CmsEvent['type']): Promise<[string, number][]> {
    await vi.waitFor(
      async () => {
        const waiting = (await cms.outbox()).filter(({ state }) => state === 'queued')
        expect(waiting).toEqual([])
      },
      { timeout: 30_000, interval: 50 },
    )
    return bridge.received.flatMap(({ event }): [string, number][] => {
      if (event.type !== type || !('videoId' in event.data)) return []
      return [[event.data.videoId, event.data.submission]]
    })
  }

  const names = (): string[] =>
    locales.map((locale) => `${String(video.serviceId)}${locale === 'en' ? '' : `.${locale}`}`)

  async function films(): Promise<Film[]> {
    const { de, fr } = (await cms.read('videos', video.id)).films as Record<'de' | 'fr', Film>
    const { retries, stage, submission } = await cms.read('videos', video.id)
    return [{ retries, stage, submission }, de, fr]
  }

  test(
    'each is submitted once, and no two have the same number',
    { timeout: 120_000 },
    async () => {
      for (const [stage, round] of [['submitted', 0] as const, ['resubmit', 3] as const]) {
        bridge.received.length = 0
        if (stage === 'submitted') await atOnce({ stage })
        else await Promise.all(locales.map((locale) => save(locale, { stage })))
        const submissions = await told('video.submitted')
        expect(submissions.map(([name]) => name).toSorted()).toEqual(names().toSorted())
        const numberOf = Object.fromEntries(submissions)
        expect(Object.values(numberOf).toSorted()).toEqual([1, 2, 3].map((each) => each + round))
        expect(await films()).toMatchObject(
          names().map((name) => ({ stage: 'submitted', submission: numberOf[name] })),
        )
      }
    },
  )

  test('each is cancelled once, and tried again', { timeout: 120_000 }, async () => {
    for (const locale of locales) await save(locale, { stage: 'submitted' })
    await cms.putRendition(renditionWrite(video, { status: 'generating' }))
    await atOnce({ stage: 'cancelled' })
    expect((await told('video.cancelled')).map(([name]) => name).toSorted()).toEqual(
      names().toSorted(),
    )
    expect(await films()).toMatchObject(locales.map(() => ({ stage: 'cancelled' })))
    await Promise.all(locales.map((locale) => save(locale, { stage: 'retry' })))
    expect(await told('video.retried')).toHaveLength(3)
    expect(await films()).toMatchObject(locales.map(() => ({ stage: 'submitted', retries: 1 })))
  })

  // Within a transaction the others wait for the one that is late.
  test.runIf(name === 'SQLite without transactions')(
    'a save that writes over another, which it has not seen, takes nothing back',
    async () => {
      let open = (): void => undefined
      gate.open = new Promise((resolve) => {
        open = resolve
      })
      const reached = new Promise<void>((resolve) => {
        gate.reached = resolve
      })
      const late = save('de', { stage: 'submitted' }, '&late=true')
      await reached
      await save('en', { stage: 'submitted' })
      await save('fr', { stage: 'submitted' })
      await save('fr', { stage: 'cancelled' })
      open()
      await late
      const numberOf = Object.fromEntries(await told('video.submitted'))
      expect(Object.values(numberOf).toSorted()).toEqual([1, 2, 3])
      const stages = ['submitted', 'submitted', 'cancelled']
      expect(await films()).toMatchObject(
        names().map((film, index) => ({ stage: stages[index], submission: numberOf[film] })),
      )
    },
    60_000,
  )
})
