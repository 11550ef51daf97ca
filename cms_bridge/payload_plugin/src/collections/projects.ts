/** Projects: what videos belong to, and what they share: colours, look, cast and logo. */
import type { CheckboxField, CollectionConfig, FieldAccess, GroupField, SelectField } from 'payload'

import { collectionAccess } from '../access.ts'
import { emitLexicon } from '../hooks/emitLexicon.ts'
import { nameProject } from '../hooks/giveName.ts'
import { refuseInUse } from '../hooks/refuseInUse.ts'
import type { Settings } from '../settings.ts'
import { labels } from '../translations/index.ts'
import { castField, logoField, lookField } from './cast.ts'
import {
  adminGroup,
  aspectRatioField,
  disclosureField,
  languageField,
  localeField,
  musicMoodField,
  paletteField,
  serviceIdField,
  speakersField,
  speedField,
  voiceField,
} from './fields.ts'
import { lexiconField } from './lexicon.ts'

/** A choice that a project need not make. */
function unchosen(field: SelectField): SelectField {
  const admin = { ...field.admin, isClearable: true, width: '50%' }
  const open: SelectField = { ...field, required: false, admin }
  delete open.defaultValue
  return open
}

const speed = speedField('speed.help')

/** What new videos begin with: copied to each, and seen and changed there. */
const defaultsField: GroupField = {
  name: 'defaults',
  type: 'group',
  label: labels('defaults'),
  admin: { description: labels('defaults.help') },
  fields: [
    {
      type: 'row',
      fields: [
        unchosen(aspectRatioField),
        unchosen(musicMoodField),
        languageField('locale', { ...localeField.admin, width: '50%' }),
        { ...speed, admin: { ...speed.admin, width: '50%' } },
      ],
    },
  ],
}

/** Whose word counts in a project is said by those who may give it. */
function approveScenesField({ access }: Settings): CheckboxField {
  const rule: FieldAccess = ({ req }) => access.approve({ req })
  return {
    name: 'approveScenes',
    type: 'checkbox',
    label: labels('approveScenes'),
    defaultValue: false,
    access: { create: rule, update: rule },
    admin: { description: labels('approveScenes.help') },
  }
}

export function projects(settings: Settings): CollectionConfig {
  const { slugs } = settings
  return {
    slug: slugs.projects,
    labels: { singular: labels('project'), plural: labels('projects') },
    access: collectionAccess(settings).projects,
    admin: { group: adminGroup, useAsTitle: 'name', defaultColumns: ['name', 'updatedAt'] },
    hooks: {
      beforeChange: [nameProject],
      afterChange: [emitLexicon(settings)],
      beforeDelete: [refuseInUse(settings)],
    },
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
      lexiconField,
      defaultsField,
      paletteField,
      lookField,
      approveScenesField(settings),
      castField(settings),
      ...logoField(settings.media),
      disclosureField('disclosure.project.help'),
      serviceIdField,
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
