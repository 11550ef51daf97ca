import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { withPayload } from '@payloadcms/next/withPayload'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

export default withPayload({
  outputFileTracingRoot: root,
  turbopack: { root },
  // `npm run check:types` looks at everything; the build need not do so again.
  typescript: { ignoreBuildErrors: true },
})
