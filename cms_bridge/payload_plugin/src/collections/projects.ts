/** Projects: what videos belong to, and what they share: colours, look, cast and logo. */
import type { CollectionConfig } from 'payload'

import { collectionAccess } from '../access.ts'
import { refuseInUse } from '../hooks/refuseInUse.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { castField, logoField, lookField } from './cast.ts'
import { adminGroup, paletteField, speakersField, voiceField } from './fields.ts'

export function projects(settings: Settings): CollectionConfig {
  const { slugs } = settings
  return {
    slug: slugs.projects,
    labels: { singular: labels('project'), plural: labels('projects') },
    access: collectionAccess(settings).projects,
    admin: { group: adminGroup, useAsTitle: 'name', defaultColumns: ['name', 'updatedAt'] },
    hooks: { beforeDelete: [refuseInUse(settings)] },
    fields: [
      {
        name: 'panel',
        type: 'ui',
        label: labels('spending'),
        admin: {
          components: {
            Field: {
              path: 'payload-plugin-reelwright/client#ProjectPanel',
              clientProps: { slugs },
            },
          },
          disableListColumn: true,
        },
      },
      { name: 'name', type: 'text', label: labels('project.name'), required: true, maxLength: 200 },
      {
        ...voiceField,
        admin: {
          ...voiceField.admin,
          description: labels('project.voice.help'),
        },
      },
      speakersField,
      paletteField,
      lookField,
      castField(settings),
      ...logoField(settings.media),
      {
        name: 'videos',
        type: 'join',
        label: labels('videos'),
        collection: slugs.videos,
        on: 'project',
        admin: { allowCreate: false, defaultColumns: ['title', 'panel', 'updatedAt'] },
      },
    ],
  }
}
