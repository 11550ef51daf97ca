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

interface Connection {
  on: (name: 'error', listener: () => void) => void
}

/** Payload leaves its connections open; what they say of their end is of no interest. */
const ignoreEnd = (connection: Connection): void => connection.on('error', () => undefined)

async function postgres(): Promise<Database> {
  const { stop, url } = await startPostgres()
  const pool = {
    connectionString: url,
    onConnect: ignoreEnd,
  }
  return {
    options: { database: () => postgresAdapter({ pool, push: true }) },
    stop: (cms) => {
      ignoreEnd((cms.payload.db as unknown as PostgresAdapter).pool)
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

/** As Mongo is without a replica set: nothing holds a document, and saves write over one another. */
export const emptyWithoutTransactions = (): Database => ({
  options: {
    database: (url) => sqliteAdapter({ client: { url: `${url}.empty` }, push: true, wal: true }),
  },
})

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
