/**
 * Writes the migration that brings the database up to the configuration:
 * `npm run migrate:create -- NAME`. Asks nothing.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { getPayload } from 'payload'

import config from './payload.config.ts'

const payload = await getPayload({ config, disableOnInit: true })
await payload.db.createMigration({
  payload,
  forceAcceptWarning: true,
  migrationName: process.argv[2] ?? 'change',
})

// Payload imports types like values and files without their endings, which node does not take.
const directory = new URL('./migrations/', import.meta.url)
for (const name of await readdir(directory)) {
  if (!name.endsWith('.ts')) continue
  const file = new URL(name, directory)
  const text = await readFile(file, 'utf8')
  const mended = text
    .replace(
      '{ MigrateUpArgs, MigrateDownArgs, sql }',
      '{ type MigrateDownArgs, type MigrateUpArgs, sql }',
    )
    .replace(/(from '\.\/\w+)'/g, "$1.ts'")
  await writeFile(file, mended)
}
process.exit(0)
