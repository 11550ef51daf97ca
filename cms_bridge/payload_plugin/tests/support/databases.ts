/** Every kind of database that Payload is tried on, each with the schema of whoever starts on it. */
import { randomUUID } from 'node:crypto'

import { type PostgresAdapter, postgresAdapter } from '@payloadcms/db-postgres'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import type { DatabaseAdapterObj, Payload } from 'payload'
import pg from 'pg'

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

export const poolOf = (url: string): object => ({ connectionString: url, onConnect: ignoreEnd })

async function postgres(): Promise<Database> {
  const { stop, url } = await startPostgres()
  return {
    options: { database: () => postgresAdapter({ pool: poolOf(url), push: true }) },
    stop: (cms) => {
      ignoreEnd((cms.payload.db as unknown as PostgresAdapter).pool)
      return stop()
    },
  }
}

/** A copy of the database that a server was started with, and its address. */
export async function copyOfPostgres(server: string): Promise<[DatabaseAdapterObj, string]> {
  const name = `copy_${randomUUID().replaceAll('-', '')}`
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await query(server, `CREATE DATABASE ${name} TEMPLATE postgres STRATEGY file_copy`)
  return [postgresAdapter({ pool: poolOf(url), push: false }), url]
}

/** End all that is connected to a database: Payload lets go of nothing. */
export async function letGo(payload: Payload, url: string): Promise<void> {
  ignoreEnd((payload.db as unknown as PostgresAdapter).pool)
  const { pathname } = new URL(url)
  const connected = `SELECT pid FROM pg_stat_activity WHERE datname = '${pathname.slice(1)}'`
  await query(url, `SELECT pg_terminate_backend(pid) FROM (${connected}) AS connected`)
}

async function query(server: string, statement: string): Promise<void> {
  // Not the database itself: one that somebody is connected to cannot be copied.
  const connectionString = Object.assign(new URL(server), { pathname: '/template1' }).href
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(statement)
  await client.end()
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
