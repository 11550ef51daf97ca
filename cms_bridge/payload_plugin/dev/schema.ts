/** Gives an empty database the schema of a configuration that no migration knows, as `next dev` would. */
import { getPayload } from 'payload'

import config from './payload.config.ts'

await getPayload({ config, disableOnInit: true })
process.exit(0)
