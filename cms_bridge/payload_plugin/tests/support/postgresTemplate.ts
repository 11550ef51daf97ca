/** The same on a PostgreSQL, for the suites that are run on both engines. */
import { postgresAdapter } from '@payloadcms/db-postgres'
import { getPayload } from 'payload'
import type { TestProject } from 'vitest/node'

import { makeConfig } from '../../dev/config.ts'
import { plugin, secret, user } from './constants.ts'
import { letGo, poolOf } from './databases.ts'
import { startPostgres } from './postgres.ts'
import setupSqlite from './template.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The address of a server whose database `postgres` is the one that every test copies. */
    templateServer?: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [endSqlite, { stop, url }] = await Promise.all([setupSqlite(project), startPostgres()])
  const config = makeConfig({
    databaseUri: '',
    database: postgresAdapter({ pool: poolOf(url), push: true }),
    secret,
    plugin: { ...plugin, bridgeUrl: 'http://127.0.0.1:9', deliver: { pollMs: 0 } },
  })
  const payload = await getPayload({ config, cron: false, key: url })
  await payload.create({ collection: 'users', data: user, overrideAccess: true })
  await payload.destroy()
  await letGo(payload, url)
  project.provide('templateServer', url)
  return async () => {
    await stop()
    await endSqlite()
  }
}
