/** Brings an empty database up to the configuration, as `next dev` would. */
import { getPayload } from 'payload'

import config from './payload.config.ts'

await getPayload({ config, disableOnInit: true })
process.exit(0)
