/** Renditions: one per job, written by the service, watched by people and described by them. */
import type { CollectionConfig, Field } from 'payload'

import { collectionAccess } from '../access.ts'
import { addLinks } from '../hooks/addLinks.ts'
import { keepService } from '../hooks/keepService.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { statuses } from '../documents.ts'
import { notInForm, ofItsVideo, textareaField } from './fields.ts'

const link = (name: string): Field => ({
  name,
  type: 'text',
  virtual: true,
  admin: { disabled: true },
})

/**
 * A field that only the service writes.
 *
 * What it writes was held to the schema of write-backs. A person's save leaves the field out
 * (`keepService`), and is not to be told then that it is missing.
 */
const written = <T extends Extract<Field, { name: string }>>(field: T): T => ({
  ...field,
  access: { update: () => false },
  validate: () => true,
})

export function renditions(settings: Settings): CollectionConfig {
  const { limits, slugs } = settings
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
    hooks: { afterRead: [addLinks], beforeChange: [keepService] },
    // What the links and the alternative text are made of.
    forceSelect: { file: true },
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
      textareaField('alt', 'alt', {
        limit: limits.maxAltChars,
        rows: 3,
        description: 'alt.help',
      }),
      written({
        name: 'video',
        type: 'relationship',
        label: labels('video'),
        relationTo: slugs.videos,
        required: true,
        index: true,
      }),
      written({
        name: 'project',
        type: 'relationship',
        label: labels('project'),
        relationTo: slugs.projects,
        admin: { disabled: true },
      }),
      {
        type: 'row',
        fields: [
          written({
            name: 'submission',
            type: 'number',
            label: labels('submission'),
            required: true,
          }),
          written({
            name: 'status',
            type: 'select',
            label: labels('status'),
            required: true,
            index: true,
            options: statuses.map((value) => ({ value, label: labels(`status.${value}`) })),
          }),
          written({
            name: 'progress',
            type: 'number',
            label: labels('progress'),
            required: true,
          }),
        ],
      },
      {
        type: 'row',
        fields: [
          written({ name: 'estimatedCost', type: 'text', label: labels('estimatedCost') }),
          written({ name: 'actualCost', type: 'text', label: labels('actualCost') }),
        ],
      },
      written({
        name: 'jobId',
        type: 'text',
        label: labels('jobId'),
        required: true,
        unique: true,
        admin: notInForm,
      }),
      ...(
        [
          { name: 'film', type: 'text' },
          { name: 'sequence', type: 'number', required: true },
          { name: 'scenesDone', type: 'number' },
          { name: 'scenesTotal', type: 'number' },
          { name: 'storyboardDigest', type: 'text' },
          { name: 'storyboardRevision', type: 'number' },
          { name: 'warnings', type: 'json' },
          { name: 'error', type: 'json' },
          { name: 'file', type: 'json' },
          { name: 'transcript', type: 'textarea' },
          { name: 'writtenAt', type: 'date' },
        ] as const
      ).map((field): Field => written({ ...field, admin: { disabled: true } })),
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
