/**
 * The dev application as a plain node server: its REST API and nothing to look at.
 *
 * Needs a fraction of the memory and start-up time of the Next application.
 * Prints `ready http://127.0.0.1:PORT` once it listens; PORT=0 takes a free port.
 */
import { getPayload } from 'payload'

import { environment } from './environment.ts'
import { serve } from './http.ts'
import config from './payload.config.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
await getPayload({ config })
const { url } = await serve(config, { port: environment.port })
process.stdout.write(`ready ${url}\n`)
