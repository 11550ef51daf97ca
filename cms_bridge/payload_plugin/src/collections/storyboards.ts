/**
 * Storyboards: one per job, drafted by the service, edited and approved by people.
 *
 * `decision` takes part in no form (see `videos.ts`); only the step from
 * `pending` to `approved` means anything, and an edit takes it back.
 */
import type { CollectionConfig, Field, PayloadRequest } from 'payload'

import { collectionAccess } from '../access.ts'
import { decisions, type StoryboardDoc } from '../documents.ts'
import type { CaptionStyle } from '../generated/events.ts'
import { emitStoryboardEvents } from '../hooks/emitStoryboardEvents.ts'
import { leaveUnsaid } from '../hooks/leaveUnsaid.ts'
import { mayApprove } from '../hooks/mayApprove.ts'
import { planDecision } from '../hooks/planDecision.ts'
import type { Settings } from '../settings.ts'
import { translate, labels } from '../translations/index.ts'
import {
  aspectRatioField,
  disclosureField,
  ofItsVideo,
  libraryField,
  localeField,
  musicMoodField,
  musicPromptField,
  notInForm,
  selectField,
  paletteField,
  styleField,
  speakersField,
  speedField,
  textareaField,
  voiceField,
} from './fields.ts'
import { scenesField } from './scenes.ts'

const serviceOnly = { create: () => false, update: () => false }

/** What the editor does not change of a video, carried as it came. */
const passThroughFields: Field[] = ['logo', 'music', 'look', 'cast', 'ingredients'].map((name) => ({
  name,
  type: 'json',
  admin: { hidden: true },
}))

const speed = speedField('speed.help')
const disclosure = disclosureField('disclosure.help')

/** Music of one's own, where the host has a media library and no mood is chosen. */
function musicFileField(media: readonly string[]): Field[] {
  if (media.length === 0) return []
  return [
    libraryField('musicFile', 'musicFile', {
      media,
      kind: 'audio',
      position: 'sidebar',
      condition: (_: unknown, { musicMood, musicPrompt }: Partial<StoryboardDoc>) =>
        (!musicMood || musicMood === 'none') && !musicPrompt?.trim(),
    }),
  ]
}

const captionsField = selectField<CaptionStyle>('captions', 'captions', {
  values: ['none', 'outline', 'box', 'highlight', 'lit'],
  labelOf: (value) => `captions.${value}`,
  position: 'sidebar',
  description: labels('captions.help'),
})

export function storyboards(settings: Settings): CollectionConfig {
  const { limits, media, slugs } = settings
  const musicPrompt = musicPromptField(limits.maxSceneChars)
  const serviceFields: Field[] = [
    {
      name: 'jobId',
      type: 'text',
      label: labels('jobId'),
      required: true,
      unique: true,
      access: serviceOnly,
      admin: notInForm,
    },
    {
      name: 'video',
      type: 'relationship',
      label: labels('video'),
      relationTo: slugs.videos,
      required: true,
      index: true,
      access: serviceOnly,
      admin: { readOnly: true, position: 'sidebar' },
    },
    {
      name: 'project',
      type: 'relationship',
      label: labels('project'),
      relationTo: slugs.projects,
      access: serviceOnly,
      admin: notInForm,
    },
    {
      name: 'submission',
      type: 'number',
      label: labels('submission'),
      required: true,
      access: serviceOnly,
      admin: notInForm,
    },
    { name: 'film', type: 'text', access: serviceOnly, admin: { disabled: true } },
    {
      name: 'files',
      type: 'text',
      hasMany: true,
      index: true,
      access: serviceOnly,
      admin: { disabled: true },
    },
    { name: 'draftedScript', type: 'textarea', access: serviceOnly, admin: { disabled: true } },
    // Of no form: a save names it that takes a script over, and it comes back with its version.
    {
      ...textareaField('script', 'script', { limit: limits.maxScriptChars, rows: 14 }),
      admin: { disabled: true },
    },
    { name: 'digest', type: 'text', access: serviceOnly, admin: { disabled: true } },
    {
      name: 'estimatedCost',
      type: 'text',
      label: labels('estimatedCost'),
      access: serviceOnly,
      admin: { disabled: true },
    },
    {
      name: 'revision',
      type: 'number',
      label: labels('revision'),
      defaultValue: 0,
      access: serviceOnly,
      admin: { disabled: true },
    },
    // What a form, or whoever approves, has read of it: nobody approves what others changed since.
    {
      name: 'revisionSeen',
      type: 'number',
      virtual: true,
      hooks: {
        beforeValidate: [leaveUnsaid],
        afterRead: [({ siblingData }) => (siblingData as StoryboardDoc).revision ?? 0],
      },
      admin: { hidden: true },
    },
    {
      name: 'decision',
      type: 'select',
      hooks: { beforeValidate: [mayApprove(settings)] },
      label: labels('decision'),
      defaultValue: 'pending',
      options: decisions.map((value) => ({ value, label: labels(`decision.${value}`) })),
      admin: { disabled: true },
    },
    {
      name: 'approvedBy',
      type: 'text',
      label: labels('approvedBy'),
      access: serviceOnly,
      admin: { disabled: true },
    },
    {
      name: 'approvedAt',
      type: 'date',
      label: labels('approvedAt'),
      access: serviceOnly,
      admin: { disabled: true },
    },
    {
      // Comes with the approval itself, and is not kept from any other save.
      name: 'approvedCost',
      type: 'text',
      label: labels('approvedCost'),
      validate: (value: null | string | string[] | undefined, { req }: { req: PayloadRequest }) =>
        !value ||
        /^\d{1,6}(\.\d{1,6})?$/.test(String(value)) ||
        translate(req.i18n.language, 'invalid.price'),
      admin: { disabled: true },
    },
    // Past every form and version: written by the server where somebody approves a scene.
    {
      name: 'sceneApprovals',
      type: 'json',
      label: labels('sceneApprovals'),
      access: serviceOnly,
      admin: { disabled: true },
    },
  ]
  return {
    slug: slugs.storyboards,
    labels: { singular: labels('storyboard'), plural: labels('storyboards') },
    access: collectionAccess(settings).storyboards,
    admin: {
      group: ofItsVideo,
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
      { name: 'title', type: 'text', label: labels('title'), required: true, maxLength: 200 },
      {
        name: 'panel',
        type: 'ui',
        label: labels('decision'),
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
      {
        name: 'animatic',
        type: 'ui',
        label: labels('animatic'),
        admin: {
          components: { Field: 'payload-plugin-reelwright/client#AnimaticPanel' },
          disableListColumn: true,
        },
      },
      scenesField(settings),
      speakersField,
      ...passThroughFields,
      ...serviceFields,
      { ...localeField, admin: { ...localeField.admin, position: 'sidebar' } },
      { ...aspectRatioField, admin: { ...aspectRatioField.admin, position: 'sidebar' } },
      captionsField,
      { ...disclosure, admin: { ...disclosure.admin, position: 'sidebar' } },
      { ...musicMoodField, admin: { ...musicMoodField.admin, position: 'sidebar' } },
      { ...musicPrompt, admin: { ...musicPrompt.admin, position: 'sidebar' } },
      ...musicFileField(media),
      { ...voiceField, admin: { ...voiceField.admin, position: 'sidebar' } },
      { ...speed, admin: { ...speed.admin, position: 'sidebar' } },
      { ...styleField, admin: { ...styleField.admin, position: 'sidebar' } },
      paletteField,
    ],
  }
}
