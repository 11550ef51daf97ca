/** Fields and validations that several collections share. */
import type { Field, SelectField, TextareaField, TextField } from 'payload'

import { countCharacters, isColour, withoutNul } from '../text.ts'
import { type Key, say, words } from '../translations/index.ts'

export const group = words('group')

/** Refuse text past a number of characters, naming the limit and what was given. */
export function atMost(limit: number) {
  return (
    value: null | string | string[] | undefined,
    { req }: { req: { i18n: { language: string } } },
  ): string | true => {
    const count = typeof value === 'string' ? countCharacters(value) : 0
    return count <= limit || say(req.i18n.language, 'invalid.tooLong', { limit, value: count })
  }
}

/** Several lines of plain text, at most so many characters. */
export function longText(
  name: string,
  key: Key,
  { limit, rows, description }: { limit: number; rows: number; description?: Key },
): TextareaField {
  return {
    name,
    type: 'textarea',
    label: words(key),
    hooks: { beforeValidate: [({ value }: { value?: unknown }) => withoutNul(value)] },
    validate: atMost(limit),
    admin: { rows, ...(description && { description: words(description) }) },
  }
}

/** A language tag; free text because there are more languages than any list holds. */
export const localeField: TextField = {
  name: 'locale',
  type: 'text',
  label: words('locale'),
  required: true,
  defaultValue: 'en',
  admin: { description: words('locale.help') },
  validate: (value: null | string | string[] | undefined, { req }) =>
    /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/.test(String(value ?? '')) ||
    say(req.i18n.language, 'invalid.locale'),
}

export const aspectRatioField = oneOf('aspectRatio', 'aspectRatio', {
  values: ['16:9', '9:16', '1:1'],
  named: (value) => `aspectRatio.${value}`,
})

export const styleField: TextField = {
  name: 'style',
  type: 'text',
  label: words('style'),
  maxLength: 500,
  admin: { description: words('style.help') },
}

export const voiceField: TextField = {
  name: 'voice',
  type: 'text',
  label: words('voice'),
  maxLength: 200,
  admin: { description: words('voice.help') },
}

/** One of a few choices, never none; each is named by the key of its value. */
export function oneOf<T extends string>(
  name: string,
  key: Key,
  {
    values,
    named,
    ...admin
  }: Pick<NonNullable<SelectField['admin']>, 'description' | 'position' | 'width'> & {
    /** The first is the default. */
    values: readonly [T, ...T[]]
    named: (value: T) => Key
  },
): SelectField {
  return {
    name,
    type: 'select',
    label: words(key),
    required: true,
    defaultValue: values[0],
    options: values.map((value) => ({ value, label: words(named(value)) })),
    admin: { ...admin, isClearable: false },
  }
}

/** One colour as `#rrggbb`, chosen with the browser's own picker. */
export function colour(
  name: string,
  key: Key,
  {
    defaultValue,
    insteadOf,
    ...admin
  }: Pick<NonNullable<TextField['admin']>, 'condition' | 'width'> & {
    defaultValue?: string
    /** The path of the colour that holds where none is chosen. */
    insteadOf?: string
  },
): TextField {
  return {
    name,
    type: 'text',
    label: words(key),
    ...(defaultValue && { defaultValue }),
    validate: (value: null | string | string[] | undefined, { req }) =>
      !value || isColour(value) || say(req.i18n.language, 'invalid.colour'),
    admin: {
      ...admin,
      ...(insteadOf && { description: words('colour.help') }),
      components: {
        Field: { path: 'payload-plugin-reelwright/client#ColourField', clientProps: { insteadOf } },
      },
    },
  }
}

/** The three colours of a project's cards. */
export const paletteField: Field = {
  name: 'palette',
  type: 'group',
  label: words('palette'),
  admin: { description: words('palette.help') },
  fields: [
    {
      type: 'row',
      fields: [
        colour('background', 'palette.background', { defaultValue: '#14213d', width: '33%' }),
        colour('foreground', 'palette.foreground', { defaultValue: '#ffffff', width: '33%' }),
        colour('accent', 'palette.accent', { defaultValue: '#fca311', width: '33%' }),
      ],
    },
  ],
}
