/** An application that was there before Reelwright: users, addresses and names of its own. */
import { postgresAdapter } from '@payloadcms/db-postgres'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { reelwright } from 'payload-plugin-reelwright'

const url = process.env.DATABASE_URI ?? 'file:./app.db'

export default buildConfig({
  admin: { user: 'members', avatar: 'default' },
  collections: [
    {
      slug: 'members',
      auth: { loginWithUsername: true },
      fields: [{ name: 'role', type: 'select', options: ['writer', 'chief'], defaultValue: 'writer' }],
    },
    { slug: 'projects', fields: [{ name: 'street', type: 'text' }] },
  ],
  db: url.startsWith('postgres')
    ? postgresAdapter({ pool: { connectionString: url } })
    : sqliteAdapter({ client: { url } }),
  plugins: [
    reelwright({
      slugs: {
        projects: 'clients',
        videos: 'films',
        storyboards: 'boards',
        renditions: 'cuts',
        outbox: 'post',
      },
      access: { approve: ({ req }) => req.user?.role === 'chief' },
      overrides: {
        videos: (films) => ({ ...films, admin: { ...films.admin, group: 'Studio' } }),
      },
    }),
  ],
  routes: { admin: '/desk', api: '/rest' },
  secret: process.env.PAYLOAD_SECRET ?? '',
  telemetry: false,
})
