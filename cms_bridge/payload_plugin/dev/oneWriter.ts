/**
 * SQLite with transactions, for one process: writers take turns.
 *
 * SQLite has one writer at a time. With Payload's transactions switched on, a
 * second save that begins while the first is open is answered with SQLITE_BUSY,
 * and waiting inside SQLite would stop the event loop that the first one needs
 * to finish. So the turn is taken here, before SQLite is asked.
 */
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import type { BaseDatabaseAdapter, DatabaseAdapterObj, PayloadRequest } from 'payload'

type Options = Parameters<typeof sqliteAdapter>[0]

const longestTurnMs = 15_000

/**
 * Writes that Payload may also start outside a transaction.
 *
 * Not `upsert`: it is an `updateOne`, which would wait for the turn that it holds.
 */
const writes = [
  'create',
  'createVersion',
  'deleteMany',
  'deleteOne',
  'deleteVersions',
  'updateJobs',
  'updateMany',
  'updateOne',
  'updateVersion',
] as const

/** The SQLite adapter with transactions, whose writers wait for one another. */
export function oneWriterSqlite(options: Options): DatabaseAdapterObj {
  const inner = sqliteAdapter({ transactionOptions: {}, ...options })
  return { ...inner, init: (args) => takeTurns(inner.init(args)) }
}

function takeTurns(adapter: BaseDatabaseAdapter): BaseDatabaseAdapter {
  const turns = new Turns(longestTurnMs)
  const open = new Map<number | string, () => void>()
  const { beginTransaction, commitTransaction, rollbackTransaction } = adapter

  adapter.beginTransaction = async (options) => {
    const done = await turns.take()
    try {
      const id = await beginTransaction.call(adapter, options)
      if (id === null) done()
      else open.set(id, done)
      return id
    } catch (error) {
      done()
      throw error
    }
  }
  const ending =
    (end: (id: number | Promise<number | string> | string) => Promise<void>) =>
    async (reference: number | Promise<number | string> | string): Promise<void> => {
      const id = await reference
      try {
        await end.call(adapter, id)
      } finally {
        open.get(id)?.()
        open.delete(id)
      }
    }
  adapter.commitTransaction = ending(commitTransaction)
  adapter.rollbackTransaction = ending(rollbackTransaction)

  for (const name of writes) {
    const write = adapter[name] as (args: { req?: Partial<PayloadRequest> }) => Promise<unknown>
    const inTurn: typeof write = async (args) => {
      const id = await args.req?.transactionID
      if (id !== undefined && open.has(id)) return write.call(adapter, args)
      const done = await turns.take()
      try {
        return await write.call(adapter, args)
      } finally {
        done()
      }
    }
    Object.assign(adapter, { [name]: inTurn })
  }
  return adapter
}

/** A queue at one counter: first come, first served, and nobody stays for ever. */
export class Turns {
  #last: Promise<void> = Promise.resolve()
  readonly #longestMs: number

  /** Take the milliseconds after which a turn ends by itself. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs
  }

  /** Resolve when it is this caller's turn, with the function that ends it. */
  async take(): Promise<() => void> {
    const before = this.#last
    let end = (): void => undefined
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    await before
    const timer = setTimeout(end, this.#longestMs)
    timer.unref()
    return () => {
      clearTimeout(timer)
      end()
    }
  }
}
