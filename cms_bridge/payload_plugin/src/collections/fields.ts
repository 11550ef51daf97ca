/** Fields and validations that several collections share. */
import type { Field, SelectField, TextareaField, TextField } from 'payload'

import { countCharacters, withoutNul } from '../text.ts'
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

export const aspectRatioField: SelectField = {
  name: 'aspectRatio',
  type: 'select',
  label: words('aspectRatio'),
  required: true,
  defaultValue: '16:9',
  options: [
    { value: '16:9', label: words('aspectRatio.16:9') },
    { value: '9:16', label: words('aspectRatio.9:16') },
    { value: '1:1', label: words('aspectRatio.1:1') },
  ],
}

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

/** One colour as `#rrggbb`, chosen with the browser's own picker. */
function colour(name: string, key: Key, defaultValue: string): TextField {
  return {
    name,
    type: 'text',
    label: words(key),
    defaultValue,
    validate: (value: null | string | string[] | undefined, { req }) =>
      !value || /^#[0-9a-fA-F]{6}$/.test(String(value)) || say(req.i18n.language, 'invalid.colour'),
    admin: {
      components: { Field: 'payload-plugin-reelwright/client#ColourField' },
      width: '33%',
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
        colour('background', 'palette.background', '#14213d'),
        colour('foreground', 'palette.foreground', '#ffffff'),
        colour('accent', 'palette.accent', '#fca311'),
      ],
    },
  ],
}
