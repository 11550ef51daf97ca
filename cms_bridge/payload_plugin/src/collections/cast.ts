/** What all films of a project show: its cast, its look and its logo. */
import type { ArrayField, GroupField, PayloadRequest, UIField, UploadField } from 'payload'

import type { CastKind, Corner } from '../generated/events.ts'
import type { Settings } from '../settings.ts'
import { labels, type TranslationKey, translate } from '../translations/index.ts'
import { libraryField, nameLabel, selectField, textareaField } from './fields.ts'

/** As many as the service takes by default. */
const mostMembers = 50
const mostReferences = 6

function lineField(name: string, key: TranslationKey) {
  return {
    name,
    type: 'text',
    label: labels(key),
    maxLength: 500,
    admin: { className: 'rw-text', description: labels(`${key}.help` as TranslationKey) },
  } as const
}

/** How all films of a project look, in words. */
export const lookField: GroupField = {
  name: 'look',
  type: 'group',
  label: labels('look'),
  admin: { description: labels('look.help') },
  fields: [
    lineField('style', 'look.style'),
    lineField('palette', 'look.palette'),
    lineField('lens', 'look.lens'),
  ],
}

/** A picture that stands in a corner of all films, where the host has a media library. */
export function logoField(media: readonly string[]): GroupField[] {
  if (media.length === 0) return []
  return [
    {
      name: 'logo',
      type: 'group',
      label: labels('logo'),
      admin: { description: labels('logo.help') },
      fields: [
        libraryField('picture', 'logo.picture', { media, kind: 'image' }),
        {
          type: 'row',
          fields: [
            selectField<Corner>('corner', 'logo.corner', {
              values: ['top_right', 'top_left', 'bottom_right', 'bottom_left'],
              labelOf: (value) => `corner.${value}`,
              width: '50%',
            }),
            {
              name: 'width',
              type: 'number',
              label: labels('logo.width'),
              min: 2,
              max: 50,
              defaultValue: 12,
              admin: { width: '50%', step: 1, description: labels('logo.width.help') },
            },
          ],
        },
      ],
    },
  ]
}

/** Pictures of one member of a cast, chosen or drawn, where the host has a media library. */
function referencesFields(media: readonly string[]): (UIField | UploadField)[] {
  if (media.length === 0) return []
  return [
    {
      name: 'references',
      type: 'upload',
      label: labels('cast.references'),
      relationTo: [...media],
      hasMany: true,
      maxRows: mostReferences,
      filterOptions: { mimeType: { contains: 'image/' } },
      admin: { description: labels('cast.references.help') },
    },
    {
      name: 'draw',
      type: 'ui',
      label: labels('cast.draw'),
      admin: {
        components: {
          Field: {
            path: 'payload-plugin-reelwright/client#DrawReference',
            clientProps: { most: mostReferences },
          },
        },
      },
    },
  ]
}

export function castField({ limits, media }: Pick<Settings, 'limits' | 'media'>): ArrayField {
  return {
    name: 'cast',
    type: 'array',
    label: labels('cast'),
    labels: { singular: labels('cast.member'), plural: labels('cast') },
    maxRows: mostMembers,
    admin: {
      description: labels('cast.help'),
      components: { RowLabel: nameLabel('cast.member') },
    },
    validate: (value: unknown, { req }: { req: PayloadRequest }) => {
      const rows = Array.isArray(value) ? (value as { name?: null | string }[]) : []
      const names = rows.map(({ name }) => (name ?? '').trim().toLocaleLowerCase('und'))
      const twice = rows.find((_, index) => names.indexOf(names[index] ?? '') < index)
      return !twice || translate(req.i18n.language, 'invalid.castTwice', { name: twice.name ?? '' })
    },
    fields: [
      {
        type: 'row',
        fields: [
          {
            name: 'name',
            type: 'text',
            label: labels('cast.name'),
            required: true,
            maxLength: 100,
            hooks: {
              beforeValidate: [
                ({ value }: { value?: unknown }) =>
                  typeof value === 'string' ? value.trim() : value,
              ],
            },
            validate: (
              value: null | string | string[] | undefined,
              { req }: { req: PayloadRequest },
            ) =>
              (typeof value === 'string' && isCastName(value)) ||
              translate(req.i18n.language, 'invalid.castName'),
            admin: { width: '67%' },
          },
          selectField<CastKind>('kind', 'cast.kind', {
            values: ['person', 'place', 'thing'],
            labelOf: (value) => `cast.kind.${value}`,
            width: '33%',
          }),
        ],
      },
      textareaField('description', 'cast.description', { limit: limits.maxSceneChars, rows: 2 }),
      ...referencesFields(media),
    ],
  }
}

/** Tell whether scenes can call somebody so: a word or a few, in one line and without a mark. */
function isCastName(name: string): boolean {
  // eslint-disable-next-line no-control-regex -- the service takes none of them
  return name.length <= 100 && /^[^\s\x85@\x00-\x1f\x7f][^@\x00-\x1f\x7f]*$/.test(name)
}
