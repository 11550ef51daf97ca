/**
 * The outbox: every event as a row, written in the transaction of the document it speaks of.
 *
 * The row is the truth about a delivery; the job that sends it is only a wake-up.
 */
import type { CollectionConfig } from 'payload'

import { collectionAccess } from '../access.ts'
import { deliveryStates } from '../documents.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { adminGroup, notInForm } from './fields.ts'

const dateAndTime = { date: { pickerAppearance: 'dayAndTime' as const } }

export function outbox(settings: Settings): CollectionConfig {
  const { access, slugs } = settings
  return {
    slug: slugs.outbox,
    labels: { singular: labels('event'), plural: labels('outbox') },
    access: collectionAccess(settings).outbox,
    admin: {
      group: adminGroup,
      useAsTitle: 'type',
      description: labels('outbox.help'),
      defaultColumns: ['createdAt', 'panel', 'video', 'attempts'],
    },
    defaultSort: '-createdAt',
    disableDuplicate: true,
    lockDocuments: false,
    fields: [
      {
        name: 'panel',
        type: 'ui',
        label: labels('event.type'),
        admin: {
          components: {
            Field: {
              path: 'payload-plugin-reelwright/client#DeliveryPanel',
              clientProps: { slugs },
            },
            Cell: 'payload-plugin-reelwright/rsc#EventCell',
          },
        },
      },
      {
        type: 'row',
        fields: [
          {
            name: 'type',
            type: 'text',
            label: labels('event.type'),
            required: true,
            admin: notInForm,
          },
          {
            name: 'state',
            type: 'select',
            label: labels('event.state'),
            required: true,
            index: true,
            defaultValue: 'queued',
            admin: notInForm,
            options: deliveryStates.map((value) => ({
              value,
              label: labels(`event.state.${value}`),
            })),
          },
        ],
      },
      // Words of the service or of a system, for who reads the API; the panel says it to people.
      { name: 'lastError', type: 'textarea', admin: { disabled: true } },
      {
        type: 'row',
        fields: [
          { name: 'attempts', type: 'number', label: labels('event.attempts'), required: true },
          { name: 'responseStatus', type: 'number', label: labels('event.responseStatus') },
        ],
      },
      {
        type: 'row',
        fields: [
          {
            name: 'nextAttemptAt',
            type: 'date',
            label: labels('event.nextAttemptAt'),
            index: true,
            admin: dateAndTime,
          },
          {
            name: 'deliveredAt',
            type: 'date',
            label: labels('event.deliveredAt'),
            admin: dateAndTime,
          },
        ],
      },
      {
        // Whose event it is decides who may see it; nobody's where the video is gone.
        name: 'video',
        type: 'relationship',
        label: labels('video'),
        relationTo: slugs.videos,
        index: true,
      },
      { name: 'problem', type: 'json', admin: { disabled: true } },
      { name: 'stream', type: 'text', label: labels('event.stream'), required: true, index: true },
      { name: 'eventId', type: 'text', label: labels('event.id'), required: true, unique: true },
      // Not required: rows that are older than this field have none.
      { name: 'step', type: 'text', unique: true, admin: { disabled: true } },
      {
        name: 'body',
        // The text of an event is as long as the event; a textarea's own limit is not meant.
        validate: () => true as const,
        // Not `code`, whose editor is fetched from a foreign server.
        type: 'textarea',
        label: labels('event.body'),
        required: true,
        access: { read: access.administer },
        admin: { rows: 12 },
      },
    ],
  }
}
