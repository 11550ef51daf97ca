/**
 * A storyboard's scenes, as their form shows them.
 *
 * What nearly every scene wants changed stands open; the rest is folded away
 * under its own heading, with defaults that suit. `clip`, `own`, `cast` and `ingredients` are
 * the service's and are carried as they came.
 */
import type {
  ArrayField,
  CheckboxField,
  CollapsibleField,
  Condition,
  Field,
  GroupField,
  NumberField,
  PayloadRequest,
} from 'payload'

import type { Motion, TextStyle, Transition } from '../generated/events.ts'
import { type TranslationKey, translate, labels } from '../translations/index.ts'
import {
  type BackgroundRow,
  backgroundKinds,
  type CaptionRow,
  captionWords,
  motions,
  type SceneRow,
  transitions,
} from '../documents.ts'
import type { Limits } from '../options.ts'
import type { Settings } from '../settings.ts'
import { colourField, libraryField, selectField, speedField, textareaField } from './fields.ts'

/** A length of time, or nothing for the usual one. */
function secondsField(
  name: string,
  key: TranslationKey,
  { help, limit }: { help: TranslationKey; limit: number },
) {
  return {
    name,
    type: 'number',
    label: labels(key),
    validate: (value: null | number | number[] | undefined, { req }: { req: PayloadRequest }) =>
      value === null ||
      value === undefined ||
      (typeof value === 'number' && value > 0 && value <= limit) ||
      translate(req.i18n.language, 'invalid.duration', { limit }),
    admin: { width: '33%', step: 0.5, description: labels(help) },
  } satisfies NumberField
}

const isGradient = (_: unknown, { kind }: BackgroundRow): boolean => kind === 'gradient'

/** A colour or two instead of a picture. */
const backgroundField: GroupField = {
  name: 'background',
  type: 'group',
  label: false,
  admin: { hideGutter: true },
  fields: [
    {
      type: 'row',
      fields: [
        selectField('kind', 'scene.background', {
          values: backgroundKinds,
          labelOf: (value) => `background.${value}`,
          width: '33%',
          description: labels('scene.background.help'),
        }),
        colourField('colour', 'background.colour', {
          condition: (_, { kind }: BackgroundRow) => kind === 'solid',
          fallbackPath: 'palette.background',
          width: '33%',
        }),
        colourField('start', 'background.start', {
          condition: isGradient,
          fallbackPath: 'palette.background',
          width: '22%',
        }),
        colourField('end', 'background.end', {
          condition: isGradient,
          fallbackPath: 'palette.accent',
          width: '22%',
        }),
        {
          name: 'angle',
          type: 'number',
          label: labels('background.angle'),
          defaultValue: 90,
          validate: (
            value: null | number | number[] | undefined,
            { req }: { req: PayloadRequest },
          ) =>
            value === null ||
            value === undefined ||
            (typeof value === 'number' && value >= 0 && value < 360) ||
            translate(req.i18n.language, 'invalid.angle'),
          admin: {
            condition: isGradient,
            width: '22%',
            step: 15,
            description: labels('background.angle.help'),
          },
        },
      ],
    },
  ],
}

/** The point of the picture that crops keep, as shares of its width and height. */
const focusField: GroupField = {
  name: 'focus',
  type: 'group',
  label: labels('scene.focus'),
  admin: {
    condition: (_, { background }: SceneRow) => (background?.kind ?? 'picture') === 'picture',
    description: labels('scene.focus.help'),
    components: { Field: 'payload-plugin-reelwright/client#FocusField' },
  },
  fields: (['x', 'y'] as const).map((name) => ({
    name,
    type: 'number',
    label: labels(`focus.${name}`),
    defaultValue: 0.5,
    min: 0,
    max: 1,
  })),
}

/** What is to happen in the picture, where a model sets it in motion. */
function motionPromptField(limit: number): Field {
  const field = textareaField('motionPrompt', 'scene.motionPrompt', { limit, rows: 2 })
  return {
    ...field,
    admin: {
      ...field.admin,
      condition: (_, { motion }: SceneRow) => motion === 'generated',
      description: labels('scene.motionPrompt.help'),
    },
  }
}

/** Whether moving pictures are heard too, made or one's own; off unless asked for. */
const clipSoundField: CheckboxField = {
  name: 'clipSound',
  type: 'checkbox',
  label: labels('scene.clipSound'),
  defaultValue: false,
  admin: {
    // One that came by the API is no file of a form, and is heard all the same.
    condition: (_, { clip, clipFile, motion }: SceneRow) =>
      motion === 'generated' || Boolean(clipFile) || Boolean(clip),
    description: labels('scene.clipSound.help'),
  },
}

/** What captions say of the scene. */
function captionField(limit: number): GroupField {
  const text = textareaField('text', 'caption.text', { limit, rows: 2 })
  return {
    name: 'caption',
    type: 'group',
    label: false,
    admin: { hideGutter: true },
    fields: [
      selectField('words', 'scene.caption', {
        values: captionWords,
        labelOf: (value) => `caption.${value}`,
        description: labels('scene.caption.help'),
      }),
      {
        ...text,
        admin: {
          ...text.admin,
          condition: (_, { words: chosen }: CaptionRow) => chosen === 'own',
        },
      },
    ],
  }
}

/** All that is folded away. */
const speed = speedField('scene.speed.help')

function lookField(limits: Limits): CollapsibleField {
  return {
    type: 'collapsible',
    label: labels('scene.look'),
    admin: { initCollapsed: true },
    fields: [
      {
        type: 'row',
        fields: [
          selectField<TextStyle>('textStyle', 'scene.textStyle', {
            values: ['lower_third', 'title', 'none'],
            labelOf: (value) => `textStyle.${value}`,
            width: '33%',
            description: labels('scene.textStyle.help'),
          }),
          secondsField('transitionSeconds', 'scene.transitionSeconds', {
            help: 'scene.transitionSeconds.help',
            limit: limits.maxTransitionSeconds,
          }),
          colourField('transitionColour', 'scene.transitionColour', {
            condition: (_, { transition }: SceneRow) => transition === 'fade',
            defaultValue: '#000000',
            width: '33%',
          }),
        ],
      },
      {
        type: 'row',
        fields: [
          { ...speed, admin: { ...speed.admin, width: '33%' } },
          {
            name: 'pauseAfter',
            type: 'number',
            label: labels('scene.pauseAfter'),
            min: 0,
            max: 10,
            admin: { width: '33%', step: 0.5, description: labels('scene.pauseAfter.help') },
          },
        ],
      },
      backgroundField,
      focusField,
      captionField(limits.maxSceneChars),
    ],
  }
}

/** A locked scene stands as its card alone: its fields are there again once it is unlocked. */
function unlessLocked<T extends Field>(field: T): T {
  const { condition } = (field.admin ?? {}) as { condition?: Condition }
  const unlocked: Condition = (data, row: Partial<SceneRow>, context) =>
    !row.locked && (condition?.(data, row, context) ?? true)
  return { ...field, admin: { ...field.admin, condition: unlocked } }
}

/** What the editor does not change of a scene. */
const passThroughFields: Field[] = [
  { name: 'sceneId', type: 'text', maxLength: 64, admin: { hidden: true } },
  // Its button stands on the card.
  {
    name: 'locked',
    type: 'checkbox',
    label: labels('scene.locked'),
    defaultValue: false,
    admin: { hidden: true },
  },
  // What the form has read of it, so that a save is known which is to lock or unlock.
  {
    name: 'lockedSeen',
    type: 'checkbox',
    virtual: true,
    hooks: { afterRead: [({ siblingData }) => (siblingData as SceneRow).locked === true] },
    admin: { hidden: true },
  },
  { name: 'clip', type: 'json', admin: { hidden: true } },
  { name: 'own', type: 'json', admin: { hidden: true } },
  { name: 'pictureTake', type: 'number', min: 0, admin: { hidden: true } },
  { name: 'narrationTake', type: 'number', min: 0, admin: { hidden: true } },
  { name: 'cast', type: 'json', admin: { hidden: true } },
  { name: 'ingredients', type: 'json', admin: { hidden: true } },
]

/** What people bring themselves, where the host has a media library. */
function ownField(media: readonly string[]): CollapsibleField[] {
  if (media.length === 0) return []
  return [
    {
      type: 'collapsible',
      label: labels('scene.own'),
      admin: { initCollapsed: true, description: labels('scene.own.help') },
      fields: [
        libraryField('picture', 'scene.picture', { media, kind: 'image' }),
        libraryField('clipFile', 'scene.clipFile', { media, kind: 'video' }),
        libraryField('narrationFile', 'scene.narrationFile', {
          media,
          kind: 'audio',
          description: 'scene.narrationFile.help',
        }),
      ],
    },
  ]
}

/** What people write and choose of a scene. */
function contentFields(limits: Limits, media: readonly string[]): Field[] {
  const text = { limit: limits.maxSceneChars, rows: 3 }
  return [
    textareaField('narration', 'scene.narration', text),
    textareaField('picturePrompt', 'scene.picturePrompt', text),
    textareaField('onScreenText', 'scene.onScreenText', { ...text, rows: 2 }),
    {
      type: 'row',
      fields: [
        secondsField('duration', 'scene.duration', {
          help: 'scene.duration.help',
          limit: limits.maxSceneSeconds,
        }),
        selectField<Motion>('motion', 'scene.motion', {
          values: motions,
          labelOf: (value) => `motion.${value}`,
          width: '33%',
        }),
        selectField<Transition>('transition', 'scene.transition', {
          values: transitions,
          labelOf: (value) => `transition.${value}`,
          width: '33%',
        }),
      ],
    },
    motionPromptField(limits.maxSceneChars),
    ...ownField(media),
    clipSoundField,
    lookField(limits),
  ]
}

export function scenesField({ limits, media }: Pick<Settings, 'limits' | 'media'>): ArrayField {
  return {
    name: 'scenes',
    type: 'array',
    label: labels('scenes'),
    labels: { singular: labels('scene'), plural: labels('scenes') },
    admin: {
      components: { RowLabel: 'payload-plugin-reelwright/client#SceneLabel' },
    },
    validate: (value: unknown, { req }: { req: PayloadRequest }) => {
      const count = Array.isArray(value) ? value.length : Number(value ?? 0)
      if (count === 0) return translate(req.i18n.language, 'invalid.noScene')
      if (count <= limits.maxScenes) return true
      return translate(req.i18n.language, 'invalid.tooManyScenes', {
        limit: limits.maxScenes,
        value: count,
      })
    },
    fields: [
      ...passThroughFields,
      {
        name: 'card',
        type: 'ui',
        admin: { components: { Field: 'payload-plugin-reelwright/client#SceneCard' } },
      },
      ...contentFields(limits, media).map(unlessLocked),
    ],
  }
}
