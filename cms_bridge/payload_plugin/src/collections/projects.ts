/** Projects: what videos belong to, and the colours they share. */
import { APIError, type CollectionConfig } from 'payload'

import { collectionAccess } from '../access.ts'
import type { Settings } from '../settings.ts'
import { translate, labels } from '../translations/index.ts'
import { adminGroup, paletteField } from './fields.ts'

export function projects(settings: Settings): CollectionConfig {
  const { slugs } = settings
  return {
    slug: slugs.projects,
    labels: { singular: labels('project'), plural: labels('projects') },
    access: collectionAccess(settings).projects,
    admin: { group: adminGroup, useAsTitle: 'name', defaultColumns: ['name', 'updatedAt'] },
    hooks: {
      beforeDelete: [
        async ({ id, req }) => {
          // The database would refuse as well, but not in words that help an editor.
          const { totalDocs } = await req.payload.count({
            collection: slugs.videos,
            where: { project: { equals: id } },
            // Those in the trash as well: they can be restored.
            trash: true,
            overrideAccess: true,
            req,
          })
          if (totalDocs > 0) {
            throw new APIError(
              translate(req.i18n.language, 'invalid.projectInUse', { count: totalDocs }),
              409,
              null,
              true,
            )
          }
        },
      ],
    },
    fields: [
      { name: 'name', type: 'text', label: labels('project.name'), required: true, maxLength: 200 },
      paletteField,
      {
        name: 'videos',
        type: 'join',
        label: labels('videos'),
        collection: slugs.videos,
        on: 'project',
        admin: { allowCreate: false, defaultColumns: ['title', 'locale', 'updatedAt'] },
      },
    ],
  }
}
