/**
 * A host with all that a desk can show: words in several locales, drafts, and people of all kinds.
 *
 * Its schema is not that of the migrations; `schema.ts` makes it.
 */
import type { CollectionConfig, PayloadRequest } from 'payload'
import type { ProjectScope } from 'payload-plugin-reelwright'

import type { AppOptions } from './config.ts'
import { environment } from './environment.ts'
import { oneWriterSqlite } from './oneWriter.ts'

/**
 * What a user of a desk may do:
 *
 *   editor    writes, and leaves spending to others
 *   producer  approves as well
 *   chief     also publishes what is held back
 *
 * One without a role, such as the first, administers; so does one without projects see them all.
 */
const roles = ['editor', 'producer', 'chief'] as const

interface Person {
  role?: (typeof roles)[number] | null
  projects?: Exclude<ProjectScope, 'all'> | null
}

const person = ({ user }: PayloadRequest): null | Person => user as null | Person

/** Allow something to whoever has one of these roles, or none and with it all. */
const allowed =
  (...to: Person['role'][]) =>
  ({ req }: { req: PayloadRequest }): boolean => {
    const who = person(req)
    return who !== null && (!who.role || to.includes(who.role))
  }

export function deskIn(
  locales: string[],
): Pick<AppOptions, 'host' | 'plugin'> & Required<Pick<AppOptions, 'database' | 'userFields'>> {
  return {
    database: oneWriterSqlite({
      client: { url: environment.databaseUri },
      push: true,
      wal: true,
    }),
    host: { localization: { locales, defaultLocale: locales[0] ?? '', fallback: true } },
    userFields: [
      { name: 'role', type: 'select', options: [...roles] },
      { name: 'projects', type: 'relationship', relationTo: 'projects', hasMany: true },
    ],
    plugin: {
      localized: true,
      access: {
        projects: ({ req }) => {
          const projects = person(req)?.projects ?? []
          return projects.length > 0 ? projects : 'all'
        },
        approve: allowed('producer', 'chief'),
        publishAnyway: allowed('chief'),
        administer: allowed(),
      },
      overrides: {
        videos: (videos): CollectionConfig => ({ ...videos, versions: { drafts: true } }),
      },
    },
  }
}
