/** Fields and validations that several collections share. */
import type {
  ArrayField,
  CheckboxField,
  Field,
  NumberField,
  SelectField,
  TextareaField,
  TextField,
  UploadField,
} from 'payload'

import type { Mood } from '../generated/events.ts'
import { countCharacters, isColour, isLanguageTag, withoutNul } from '../text.ts'
import { type TranslationKey, translate, labels } from '../translations/index.ts'

export const adminGroup = labels('group')

/** Nothing to read in a form: told by a panel, or by a number that means something to programs alone. */
export const notInForm = {
  components: { Field: 'payload-plugin-reelwright/client#NotInForm' },
}

/** Out of the everyday navigation: what belongs to a video is reached from the video. */
export const ofItsVideo = false

/** Refuse text past a number of characters, naming the limit and what was given. */
export function maxCharacters(limit: number) {
  return (
    value: null | string | string[] | undefined,
    { req }: { req: { i18n: { language: string } } },
  ): string | true => {
    const count = typeof value === 'string' ? countCharacters(value) : 0
    return (
      count <= limit || translate(req.i18n.language, 'invalid.tooLong', { limit, value: count })
    )
  }
}

/** Several lines of plain text, at most so many characters. */
export function textareaField(
  name: string,
  key: TranslationKey,
  { limit, rows, description }: { limit: number; rows: number; description?: TranslationKey },
): TextareaField {
  return {
    name,
    type: 'textarea',
    label: labels(key),
    hooks: { beforeValidate: [({ value }: { value?: unknown }) => withoutNul(value)] },
    validate: maxCharacters(limit),
    admin: { className: 'rw-text', rows, ...(description && { description: labels(description) }) },
  }
}

/** Documents of the media library to choose one from, of files of one kind. */
export function libraryField(
  name: string,
  key: TranslationKey,
  {
    media,
    kind,
    description,
    ...admin
  }: {
    media: readonly string[]
    kind: 'audio' | 'image' | 'video'
    description?: TranslationKey
  } & Pick<NonNullable<UploadField['admin']>, 'condition' | 'position'>,
): UploadField {
  return {
    name,
    type: 'upload',
    label: labels(key),
    relationTo: [...media],
    filterOptions: { mimeType: { contains: `${kind}/` } },
    admin: { ...admin, ...(description && { description: labels(description) }) },
  }
}

/** What the service calls a document, whatever id it has here; only hooks write it. */
export const serviceIdField: TextField = {
  name: 'serviceId',
  type: 'text',
  unique: true,
  access: { create: () => false, update: () => false },
  admin: { disabled: true },
}

/** A language tag; free text because there are more languages than any list holds. */
export const localeField: TextField = {
  name: 'locale',
  type: 'text',
  label: labels('locale'),
  required: true,
  defaultValue: 'en',
  admin: { description: labels('locale.help') },
  validate: (value: null | string | string[] | undefined, { req }) =>
    isLanguageTag(value) || translate(req.i18n.language, 'invalid.locale'),
}

/** A language tag, or nothing. */
export function languageField(name: string, admin: TextField['admin']): TextField {
  return {
    name,
    type: 'text',
    label: labels('locale'),
    validate: (value: null | string | string[] | undefined, { req }) =>
      !value || isLanguageTag(value) || translate(req.i18n.language, 'invalid.locale'),
    admin: admin ?? {},
  }
}

export const aspectRatioField = selectField('aspectRatio', 'aspectRatio', {
  values: ['16:9', '9:16', '1:1'],
  labelOf: (value) => `aspectRatio.${value}`,
})

export const musicMoodField = selectField<'none' | Mood>('musicMood', 'musicMood', {
  values: ['none', 'calm', 'warm', 'bright', 'driving', 'tense', 'solemn'],
  labelOf: (value) => `musicMood.${value}`,
  description: labels('musicMood.help'),
})

/** Whether a label in the film says that it was made with AI. */
export function disclosureField(help: TranslationKey): CheckboxField {
  return {
    name: 'disclosure',
    type: 'checkbox',
    label: labels('disclosure'),
    defaultValue: false,
    admin: { description: labels(help) },
  }
}

/** What a model is to compose, in words. */
export function musicPromptField(limit: number): TextareaField {
  const help = 'musicPrompt.help'
  return textareaField('musicPrompt', 'musicPrompt', { limit, rows: 2, description: help })
}

export const styleField: TextField = {
  name: 'style',
  type: 'text',
  label: labels('style'),
  maxLength: 500,
  admin: { className: 'rw-text', description: labels('style.help') },
}

export const voiceField: TextField = {
  name: 'voice',
  type: 'text',
  label: labels('voice'),
  maxLength: 200,
  admin: {
    description: labels('voice.help'),
    components: { Field: { path: 'payload-plugin-reelwright/client#VoiceField' } },
  },
}

/** What a speaker's lines begin with: anything that can stand before a colon. */
// eslint-disable-next-line no-control-regex -- the service takes none of them
const speakerName = /^[^\s\x85:：﹕︓\x00-\x1f\x7f][^:：﹕︓\x00-\x1f\x7f]{0,62}$/

const speakerNameField: TextField = {
  name: 'name',
  type: 'text',
  label: labels('speaker.name'),
  required: true,
  validate: (value: null | string | string[] | undefined, { req }) =>
    (typeof value === 'string' && speakerName.test(value)) ||
    translate(req.i18n.language, 'invalid.speaker'),
}

/** What titles a row by the name in it, and by this where there is none yet. */
export function nameLabel(unnamed: TranslationKey) {
  return { path: 'payload-plugin-reelwright/client#NameLabel', clientProps: { unnamed } }
}

/** Who speak by name, each with a voice: a line that begins with one, and a colon, is theirs. */
export const speakersField: ArrayField = {
  name: 'speakers',
  type: 'array',
  label: labels('speakers'),
  labels: { singular: labels('speaker'), plural: labels('speakers') },
  maxRows: 20,
  admin: {
    description: labels('speakers.help'),
    components: { RowLabel: nameLabel('speaker') },
  },
  fields: [
    speakerNameField,
    { ...voiceField, admin: { ...voiceField.admin, description: labels('speaker.voice.help') } },
  ],
}

/** How fast somebody speaks; empty for the usual. */
export function speedField(help: TranslationKey): NumberField {
  return {
    name: 'speed',
    type: 'number',
    label: labels('speed'),
    min: 0.5,
    max: 2,
    admin: { step: 0.05, description: labels(help) },
  }
}

/** One of a few choices, never none; each is named by the key of its value. */
export function selectField<T extends string>(
  name: string,
  key: TranslationKey,
  {
    values,
    labelOf,
    ...admin
  }: Pick<NonNullable<SelectField['admin']>, 'description' | 'position' | 'width'> & {
    /** The first is the default. */
    values: readonly [T, ...T[]]
    labelOf: (value: T) => TranslationKey
  },
): SelectField {
  return {
    name,
    type: 'select',
    label: labels(key),
    required: true,
    defaultValue: values[0],
    options: values.map((value) => ({ value, label: labels(labelOf(value)) })),
    admin: { ...admin, isClearable: false },
  }
}

/** One colour as `#rrggbb`, chosen with the browser's own picker. */
export function colourField(
  name: string,
  key: TranslationKey,
  {
    defaultValue,
    fallbackPath,
    ...admin
  }: Pick<NonNullable<TextField['admin']>, 'condition' | 'width'> & {
    defaultValue?: string
    /** The path of the colour that holds where none is chosen. */
    fallbackPath?: string
  },
): TextField {
  return {
    name,
    type: 'text',
    label: labels(key),
    ...(defaultValue && { defaultValue }),
    validate: (value: null | string | string[] | undefined, { req }) =>
      !value || isColour(value) || translate(req.i18n.language, 'invalid.colour'),
    admin: {
      ...admin,
      ...(fallbackPath && { description: labels('colour.help') }),
      components: {
        Field: {
          path: 'payload-plugin-reelwright/client#ColourField',
          clientProps: { fallbackPath },
        },
      },
    },
  }
}

/** The three colours of a project's cards. */
export const paletteField: Field = {
  name: 'palette',
  type: 'group',
  label: labels('palette'),
  admin: { description: labels('palette.help') },
  fields: [
    {
      type: 'row',
      fields: [
        colourField('background', 'palette.background', { defaultValue: '#14213d', width: '33%' }),
        colourField('foreground', 'palette.foreground', { defaultValue: '#ffffff', width: '33%' }),
        colourField('accent', 'palette.accent', { defaultValue: '#fca311', width: '33%' }),
      ],
    },
  ],
}
