/** How a project has words pronounced: for its voices alone, whatever is read stays as it is written. */
import type { ArrayField, PayloadRequest, TextField } from 'payload'

import { labels, type TranslationKey, translate } from '../translations/index.ts'
import { languageField, nameLabel } from './fields.ts'

/** As many as the service takes. */
const mostEntries = 500

// eslint-disable-next-line no-control-regex -- the service takes none of them
const oneLine = /^[^\x00-\x1f\x7f]+$/

function wordsField(name: string, key: TranslationKey, most: number): TextField {
  return {
    name,
    type: 'text',
    label: labels(key),
    required: true,
    hooks: {
      beforeValidate: [
        ({ value }: { value?: unknown }) => (typeof value === 'string' ? value.trim() : value),
      ],
    },
    validate: (
      value: null | string | string[] | undefined,
      { req }: { req: Pick<PayloadRequest, 'i18n'> },
    ) =>
      (typeof value === 'string' && value.length <= most && oneLine.test(value)) ||
      translate(req.i18n.language, 'invalid.lexicon', { limit: most }),
    admin: { className: 'rw-text', width: '37%' },
  }
}

export const lexiconField: ArrayField = {
  name: 'lexicon',
  type: 'array',
  label: labels('lexicon'),
  labels: { singular: labels('lexicon.entry'), plural: labels('lexicon') },
  maxRows: mostEntries,
  admin: {
    description: labels('lexicon.help'),
    components: { RowLabel: nameLabel('lexicon.entry') },
  },
  fields: [
    {
      type: 'row',
      fields: [
        wordsField('word', 'lexicon.word', 100),
        wordsField('spoken', 'lexicon.spoken', 200),
        languageField('language', {
          width: '26%',
          description: labels('lexicon.language.help'),
        }),
      ],
    },
  ],
}
