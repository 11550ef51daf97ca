/** A migrated, empty database that every test copies; made once for a run. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { SQLiteAdapter } from '@payloadcms/db-sqlite'
import { getPayload } from 'payload'
import type { TestProject } from 'vitest/node'

import { makeConfig } from '../../dev/config.ts'
import { plugin, secret, user } from './constants.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    templateDatabase: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'reelwright-template-'))
  const file = path.join(directory, 'template.sqlite')
  const config = makeConfig({
    databaseUri: `file:${file}`,
    secret,
    plugin: { ...plugin, bridgeUrl: 'http://127.0.0.1:9', deliver: { pollMs: 0 } },
  })
  const payload = await getPayload({ config, cron: false, key: file })
  await payload.create({ collection: 'users', data: user })
  // Everything into the one file that is copied; otherwise part of it stays in the log beside it.
  await (payload.db as unknown as SQLiteAdapter).client.execute('PRAGMA wal_checkpoint(TRUNCATE)')
  await payload.destroy()
  project.provide('templateDatabase', file)
  return () => rm(directory, { recursive: true })
}
