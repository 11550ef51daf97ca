/**
 * A law: whatever people and the service do, in whatever order, each intended event is told once.
 *
 * Acts are strung together at random; after each, what stands in the outbox is what was meant, and
 * so is how every video and storyboard stands. `SEQUENCES_SECONDS` has it look for as long, each
 * time elsewhere; `SEQUENCES_SEED` looks there again.
 */
import fc from 'fast-check'
import type { CollectionConfig } from 'payload'
import type { ReelwrightOptions } from 'payload-plugin-reelwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { deliverDue } from '../../src/outbox/deliver.ts'
import { resolveSettings } from '../../src/settings.ts'
import { Bridge } from '../support/bridge.ts'
import { startCms } from '../support/cms.ts'
import { plugin } from '../support/constants.ts'
import { type Database, databases, emptyDatabases } from '../support/databases.ts'
import { compare, type Desk, submit } from '../support/sequences/desk.ts'
import { Intent } from '../support/sequences/intent.ts'
import { serviceActs } from '../support/sequences/serviceActs.ts'
import { storyboardActs } from '../support/sequences/storyboardActs.ts'
import { videoActs } from '../support/sequences/videoActs.ts'

const { SEQUENCES_SECONDS, SEQUENCES_SEED } = process.env
const seconds = Number(SEQUENCES_SECONDS ?? 0)
const seed = SEQUENCES_SEED ? Number(SEQUENCES_SEED) : seconds ? undefined : 1

const inDrafts = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  versions: { drafts: { autosave: true } },
})
const localization = { locales: ['en', 'de'], defaultLocale: 'en', fallback: true }

interface Kind {
  begin: (() => Database | Promise<Database>) | undefined
  films: readonly string[]
  isLocalised: boolean
}

const kinds: Record<string, Kind> = {
  'as it comes': { begin: databases.SQLite, films: [''], isLocalised: false },
  'without transactions': {
    begin: databases['SQLite without transactions'],
    films: [''],
    isLocalised: false,
  },
  'with drafts and two languages': {
    begin: emptyDatabases.SQLite,
    films: ['', 'de'],
    isLocalised: true,
  },
  ...(seconds && {
    'with drafts and two languages on PostgreSQL': {
      begin: emptyDatabases.PostgreSQL,
      films: ['', 'de'],
      isLocalised: true,
    },
  }),
}

describe.each(Object.entries(kinds))('%s', (_, { begin, films, isLocalised }) => {
  const bridge = new Bridge()
  let database: Database | undefined
  let desk: Desk

  beforeAll(async () => {
    await bridge.start()
    database = await begin?.()
    const options: Partial<ReelwrightOptions> = {
      // Nothing is sent but when the bridge is said to take it.
      deliver: { pollMs: 0, firstRetryMs: 1 },
      ...(isLocalised && { localized: true, overrides: { videos: inDrafts } }),
    }
    const cms = await startCms({
      bridgeUrl: bridge.url,
      host: { logger: { options: { level: 'fatal' } }, ...(isLocalised && { localization }) },
      plugin: options,
      ...database?.options,
    })
    const project = await cms.make('projects', { name: 'Harbour tours' })
    const settings = resolveSettings({ ...plugin, ...options, bridgeUrl: bridge.url })
    const deliver = async (): Promise<void> => {
      while (await deliverDue(cms.payload, settings));
    }
    desk = { bridge, cms, deliver, drafts: isLocalised, films, project, seen: new Map() }
  })
  afterAll(async () => {
    await desk.cms.close()
    await bridge.stop()
    await database?.stop?.(desk.cms)
  })

  /** Forget what the run before made: what is told is read whole after each act. */
  async function begun(): Promise<{ model: Intent; real: Desk }> {
    await desk.cms.payload.db.deleteMany({ collection: 'reelwright-outbox', where: {} })
    await desk.cms.payload.db.deleteMany({ collection: 'payload-jobs', where: {} })
    desk.seen.clear()
    const model = new Intent()
    await submit(model, desk)
    return { model, real: desk }
  }

  test('each intended event is told once', { timeout: (seconds + 600) * 1_000 }, async () => {
    const commands = fc.noBias(
      fc.commands([...videoActs(films, isLocalised), ...serviceActs(), ...storyboardActs()], {
        maxCommands: 60,
        size: 'max',
      }),
    )
    const property = fc.asyncProperty(commands, async (sequence) => {
      const { model, real } = await begun()
      await fc.asyncModelRun(() => ({ model, real }), sequence)
      await compare(model, real)
    })
    await fc.assert(property, {
      numRuns: seconds ? 1_000_000 : 5,
      ...(seed !== undefined && { seed }),
      ...(seconds && { interruptAfterTimeLimit: seconds * 1_000, markInterruptAsFailure: false }),
    })
    expect(bridge.received.length).toBeGreaterThan(0)
  })
})
