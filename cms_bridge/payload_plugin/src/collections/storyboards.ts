/**
 * Storyboards: one per job, drafted by the service, edited and approved by people.
 *
 * `decision` takes part in no form (see `videos.ts`); only the step from
 * `pending` to `approved` means anything, and an edit takes it back.
 */
import type { ArrayField, CollectionConfig, Field, PayloadRequest } from 'payload'

import { emitStoryboardEvents } from '../hooks/emitStoryboardEvents.ts'
import { planDecision } from '../hooks/planDecision.ts'
import type { Settings } from '../settings.ts'
import type { Limits } from '../types.ts'
import { say, words } from '../translations/index.ts'
import {
  aspectRatioField,
  group,
  localeField,
  longText,
  paletteField,
  styleField,
  voiceField,
} from './fields.ts'

const never = { create: () => false, update: () => false }

function scenes(limits: Limits): ArrayField {
  const text = { limit: limits.maxSceneChars, rows: 3 }
  return {
    name: 'scenes',
    type: 'array',
    label: words('scenes'),
    labels: { singular: words('scene'), plural: words('scenes') },
    admin: {
      initCollapsed: true,
      components: { RowLabel: 'payload-plugin-reelwright/client#SceneLabel' },
    },
    validate: (value: unknown, { req }: { req: PayloadRequest }) => {
      const count = Array.isArray(value) ? value.length : Number(value ?? 0)
      if (count === 0) return say(req.i18n.language, 'invalid.noScene')
      if (count <= limits.maxScenes) return true
      return say(req.i18n.language, 'invalid.tooManyScenes', {
        limit: limits.maxScenes,
        value: count,
      })
    },
    fields: [
      { name: 'sceneId', type: 'text', maxLength: 64, admin: { hidden: true } },
      longText('narration', 'scene.narration', text),
      longText('picturePrompt', 'scene.picturePrompt', text),
      longText('onScreenText', 'scene.onScreenText', { ...text, rows: 2 }),
      {
        type: 'row',
        fields: [
          {
            name: 'duration',
            type: 'number',
            label: words('scene.duration'),
            validate: (
              value: null | number | number[] | undefined,
              { req }: { req: PayloadRequest },
            ) => {
              if (value === null || value === undefined) return true
              const limit = limits.maxSceneSeconds
              return (
                (typeof value === 'number' && value > 0 && value <= limit) ||
                say(req.i18n.language, 'invalid.duration', { limit })
              )
            },
            admin: { width: '33%', step: 0.5, description: words('scene.duration.help') },
          },
          {
            name: 'motion',
            type: 'select',
            label: words('scene.motion'),
            defaultValue: 'zoom_in',
            required: true,
            options: (
              [
                'still',
                'zoom_in',
                'zoom_out',
                'pan_left',
                'pan_right',
                'pan_up',
                'pan_down',
              ] as const
            ).map((value) => ({ value, label: words(`motion.${value}`) })),
            admin: { width: '33%' },
          },
          {
            name: 'transition',
            type: 'select',
            label: words('scene.transition'),
            defaultValue: 'crossfade',
            required: true,
            options: (['crossfade', 'cut'] as const).map((value) => ({
              value,
              label: words(`transition.${value}`),
            })),
            admin: { width: '33%' },
          },
        ],
      },
    ],
  }
}

export function storyboards(settings: Settings): CollectionConfig {
  const { slugs, access, limits } = settings
  const owned: Field[] = [
    {
      name: 'jobId',
      type: 'text',
      label: words('jobId'),
      required: true,
      unique: true,
      access: never,
      admin: { readOnly: true, position: 'sidebar' },
    },
    {
      name: 'video',
      type: 'relationship',
      label: words('video'),
      relationTo: slugs.videos,
      required: true,
      index: true,
      access: never,
      admin: { readOnly: true, position: 'sidebar' },
    },
    {
      name: 'project',
      type: 'relationship',
      label: words('project'),
      relationTo: slugs.projects,
      access: never,
      admin: { disabled: true },
    },
    {
      name: 'submission',
      type: 'number',
      label: words('submission'),
      required: true,
      access: never,
      admin: { readOnly: true, position: 'sidebar' },
    },
    { name: 'digest', type: 'text', access: never, admin: { disabled: true } },
    {
      name: 'estimatedCost',
      type: 'text',
      label: words('estimatedCost'),
      access: never,
      admin: { disabled: true },
    },
    {
      name: 'revision',
      type: 'number',
      label: words('revision'),
      defaultValue: 0,
      access: never,
      admin: { disabled: true },
    },
    {
      name: 'decision',
      type: 'select',
      label: words('decision'),
      defaultValue: 'pending',
      options: [
        { value: 'pending', label: words('decision.pending') },
        { value: 'approved', label: words('decision.approved') },
      ],
      admin: { disabled: true },
    },
    {
      name: 'approvedBy',
      type: 'text',
      label: words('approvedBy'),
      access: never,
      admin: { disabled: true },
    },
    {
      name: 'approvedAt',
      type: 'date',
      label: words('approvedAt'),
      access: never,
      admin: { disabled: true },
    },
    {
      // Comes with the approval itself, and is not kept from any other save.
      name: 'approvedCost',
      type: 'text',
      label: words('approvedCost'),
      validate: (value: null | string | string[] | undefined, { req }: { req: PayloadRequest }) =>
        !value ||
        /^\d{1,6}(\.\d{1,6})?$/.test(String(value)) ||
        say(req.i18n.language, 'invalid.price'),
      admin: { disabled: true },
    },
  ]
  return {
    slug: slugs.storyboards,
    labels: { singular: words('storyboard'), plural: words('storyboards') },
    // The service creates with the Local API; nobody does through REST.
    access: { read: access.read, create: () => false, update: access.write, delete: access.write },
    admin: {
      group,
      useAsTitle: 'title',
      defaultColumns: ['title', 'panel', 'video', 'submission', 'updatedAt'],
    },
    defaultSort: '-createdAt',
    disableDuplicate: true,
    // The service writes while people type; a lock would turn its write away.
    lockDocuments: false,
    versions: { maxPerDoc: 50 },
    hooks: {
      beforeChange: [planDecision(settings)],
      afterChange: [emitStoryboardEvents(settings)],
    },
    fields: [
      { name: 'title', type: 'text', label: words('title'), required: true, maxLength: 200 },
      {
        name: 'panel',
        type: 'ui',
        label: words('decision'),
        admin: {
          components: {
            Field: {
              path: 'payload-plugin-reelwright/client#StoryboardPanel',
              clientProps: { slugs },
            },
            Cell: 'payload-plugin-reelwright/rsc#DecisionCell',
          },
        },
      },
      scenes(limits),
      ...owned,
      { ...localeField, admin: { ...localeField.admin, position: 'sidebar' } },
      { ...aspectRatioField, admin: { position: 'sidebar' } },
      { ...voiceField, admin: { ...voiceField.admin, position: 'sidebar' } },
      { ...styleField, admin: { ...styleField.admin, position: 'sidebar' } },
      paletteField,
    ],
  }
}
