/** Renditions: one per job, written by the service alone and watched by people. */
import type { CollectionConfig, Field } from 'payload'

import { collectionAccess } from '../access.ts'
import { addLinks } from '../hooks/addLinks.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { statuses } from '../documents.ts'
import { notInForm, ofItsVideo } from './fields.ts'

const link = (name: string): Field => ({
  name,
  type: 'text',
  virtual: true,
  admin: { disabled: true },
})

export function renditions(settings: Settings): CollectionConfig {
  const { slugs } = settings
  return {
    slug: slugs.renditions,
    labels: { singular: labels('rendition'), plural: labels('renditions') },
    access: collectionAccess(settings).renditions,
    admin: {
      group: ofItsVideo,
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
        label: labels('title'),
        virtual: 'video.title',
        admin: { hidden: true, disableListColumn: false },
      },
      {
        name: 'panel',
        type: 'ui',
        label: labels('status'),
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
        label: labels('video'),
        relationTo: slugs.videos,
        required: true,
        index: true,
      },
      {
        name: 'project',
        type: 'relationship',
        label: labels('project'),
        relationTo: slugs.projects,
        admin: { disabled: true },
      },
      {
        type: 'row',
        fields: [
          { name: 'submission', type: 'number', label: labels('submission'), required: true },
          {
            name: 'status',
            type: 'select',
            label: labels('status'),
            required: true,
            index: true,
            options: statuses.map((value) => ({ value, label: labels(`status.${value}`) })),
          },
          { name: 'progress', type: 'number', label: labels('progress'), required: true },
        ],
      },
      {
        type: 'row',
        fields: [
          { name: 'estimatedCost', type: 'text', label: labels('estimatedCost') },
          { name: 'actualCost', type: 'text', label: labels('actualCost') },
        ],
      },
      {
        name: 'jobId',
        type: 'text',
        label: labels('jobId'),
        required: true,
        unique: true,
        admin: notInForm,
      },
      { name: 'film', type: 'text', admin: { disabled: true } },
      { name: 'sequence', type: 'number', required: true, admin: { disabled: true } },
      { name: 'scenesDone', type: 'number', admin: { disabled: true } },
      { name: 'scenesTotal', type: 'number', admin: { disabled: true } },
      { name: 'storyboardDigest', type: 'text', admin: { disabled: true } },
      { name: 'storyboardRevision', type: 'number', admin: { disabled: true } },
      { name: 'warnings', type: 'json', admin: { disabled: true } },
      { name: 'error', type: 'json', admin: { disabled: true } },
      { name: 'file', type: 'json', admin: { disabled: true } },
      link('url'),
      link('posterUrl'),
      link('downloadUrl'),
      link('streamUrl'),
      link('captionsUrl'),
      link('chaptersUrl'),
      link('transcriptUrl'),
    ],
  }
}
