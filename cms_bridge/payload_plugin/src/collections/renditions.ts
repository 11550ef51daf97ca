/** Renditions: one per job, written by the service alone and watched by people. */
import type { CollectionConfig, Field } from 'payload'

import { addLinks } from '../hooks/addLinks.ts'
import type { Settings } from '../settings.ts'
import { words } from '../translations/index.ts'
import { statuses } from '../documents.ts'
import { group } from './fields.ts'

const link = (name: string): Field => ({
  name,
  type: 'text',
  virtual: true,
  admin: { disabled: true },
})

export function renditions({ slugs, access }: Settings): CollectionConfig {
  return {
    slug: slugs.renditions,
    labels: { singular: words('rendition'), plural: words('renditions') },
    access: { read: access.read, create: () => false, update: () => false, delete: access.write },
    admin: {
      group,
      useAsTitle: 'title',
      defaultColumns: ['title', 'panel', 'progress', 'submission', 'updatedAt'],
    },
    defaultSort: '-createdAt',
    disableDuplicate: true,
    lockDocuments: false,
    hooks: { afterRead: [addLinks] },
    fields: [
      {
        name: 'title',
        type: 'text',
        label: words('title'),
        virtual: 'video.title',
        admin: { hidden: true, disableListColumn: false },
      },
      {
        name: 'panel',
        type: 'ui',
        label: words('status'),
        admin: {
          components: {
            Field: {
              path: 'payload-plugin-reelwright/client#RenditionPanel',
              clientProps: { slugs },
            },
            Cell: 'payload-plugin-reelwright/rsc#RenditionCell',
          },
        },
      },
      {
        name: 'video',
        type: 'relationship',
        label: words('video'),
        relationTo: slugs.videos,
        required: true,
        index: true,
      },
      {
        name: 'project',
        type: 'relationship',
        label: words('project'),
        relationTo: slugs.projects,
        admin: { disabled: true },
      },
      {
        type: 'row',
        fields: [
          { name: 'submission', type: 'number', label: words('submission'), required: true },
          {
            name: 'status',
            type: 'select',
            label: words('status'),
            required: true,
            index: true,
            options: statuses.map((value) => ({ value, label: words(`status.${value}`) })),
          },
          { name: 'progress', type: 'number', label: words('progress'), required: true },
        ],
      },
      {
        type: 'row',
        fields: [
          { name: 'estimatedCost', type: 'text', label: words('estimatedCost') },
          { name: 'actualCost', type: 'text', label: words('actualCost') },
        ],
      },
      { name: 'jobId', type: 'text', label: words('jobId'), required: true, unique: true },
      { name: 'sequence', type: 'number', required: true, admin: { disabled: true } },
      { name: 'scenesDone', type: 'number', admin: { disabled: true } },
      { name: 'scenesTotal', type: 'number', admin: { disabled: true } },
      { name: 'storyboardDigest', type: 'text', admin: { disabled: true } },
      { name: 'warnings', type: 'json', admin: { disabled: true } },
      { name: 'error', type: 'json', admin: { disabled: true } },
      { name: 'file', type: 'json', admin: { disabled: true } },
      link('url'),
      link('posterUrl'),
      link('downloadUrl'),
    ],
  }
}
