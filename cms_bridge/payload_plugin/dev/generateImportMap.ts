/** Writes the admin's import map: `npm run generate:importmap`. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateImportMap } from 'payload'

import config from './payload.config.ts'

process.env.ROOT_DIR = path.dirname(fileURLToPath(import.meta.url))
await generateImportMap(await config, { force: true, log: false })
process.exit(0)
