/** Fields that say why a film which is held back is published all the same. */
import type { Field, FieldAccess } from 'payload'

import type { PublishedAnyway } from '../documents.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { maxCharacters } from './fields.ts'

const longestReason = 1_000

/**
 * The request, which only those with the right may make and which is not stored, and the record
 * that the hook makes of it, which nobody writes.
 */
export function publishingFields({ access }: Settings): Field[] {
  const mayPublish: FieldAccess = ({ req }) => access.publishAnyway({ req })
  const record = { create: () => false, update: () => false }
  return [
    {
      name: 'publishAnyway',
      type: 'text',
      virtual: true,
      access: { create: mayPublish, update: mayPublish },
      validate: maxCharacters(longestReason),
      admin: { disabled: true },
    },
    {
      name: 'publishedAnyway',
      type: 'group',
      label: labels('publishedAnyway'),
      access: record,
      admin: {
        position: 'sidebar',
        readOnly: true,
        condition: (data) =>
          Boolean((data as { publishedAnyway?: Partial<PublishedAnyway> }).publishedAnyway?.at),
      },
      fields: [
        { name: 'by', type: 'text', label: labels('publishedAnyway.by') },
        {
          name: 'at',
          type: 'date',
          label: labels('publishedAnyway.at'),
          admin: { date: { pickerAppearance: 'dayAndTime' } },
        },
        { name: 'reason', type: 'textarea', label: labels('publishedAnyway.reason') },
        { name: 'hold', type: 'text', admin: { disabled: true } },
      ],
    },
  ]
}
