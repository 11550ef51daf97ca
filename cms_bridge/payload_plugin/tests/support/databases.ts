/** Every kind of database that Payload is tried on, each with the schema of whoever starts on it. */
import { type PostgresAdapter, postgresAdapter } from '@payloadcms/db-postgres'
import { sqliteAdapter } from '@payloadcms/db-sqlite'

import { oneWriterSqlite } from '../../dev/oneWriter.ts'
import type { Cms, CmsOptions } from './cms.ts'
import { startPostgres } from './postgres.ts'

export interface Database {
  options: Pick<CmsOptions, 'database'>
  stop?: (cms: Cms) => Promise<void>
}

async function postgres(): Promise<Database> {
  const { stop, url } = await startPostgres()
  return {
    options: { database: () => postgresAdapter({ pool: { connectionString: url }, push: true }) },
    stop: (cms) => {
      // Payload leaves its connections open; what they say of their end is of no interest.
      ;(cms.payload.db as unknown as PostgresAdapter).pool.on('error', () => undefined)
      return stop()
    },
  }
}

/** With the plugin's own schema. */
export const databases: Record<string, () => Database | Promise<Database>> = {
  SQLite: () => ({ options: {} }),
  'SQLite without transactions': () => ({
    options: { database: (url) => sqliteAdapter({ client: { url }, push: false, wal: true }) },
  }),
  PostgreSQL: postgres,
}

/** With whatever the host adds to it. */
export const emptyDatabases: Record<string, () => Database | Promise<Database>> = {
  SQLite: () => ({
    options: {
      database: (url) =>
        oneWriterSqlite({ client: { url: `${url}.empty` }, push: true, wal: true }),
    },
  }),
  PostgreSQL: postgres,
}
