import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { withPayload } from '@payloadcms/next/withPayload'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

export default withPayload({
  // The house names itself by address; Next would take that for a foreign site.
  allowedDevOrigins: ['127.0.0.1'],
  outputFileTracingRoot: root,
  turbopack: { root },
  // `npm run check:types` looks at everything; the build need not do so again.
  typescript: { ignoreBuildErrors: true },
})
