'use client'
/** A colour: the browser's own picker beside the value as text. */
import {
  FieldDescription,
  FieldError,
  FieldLabel,
  TextInput,
  useField,
  useFormFields,
} from '@payloadcms/ui'
import { mergeFieldStyles } from '@payloadcms/ui/shared'
import type { TextFieldClientProps } from 'payload'
import type { ChangeEvent, ReactNode } from 'react'

import { isColour } from '../../text.ts'
import { useTranslator } from './useTranslator.ts'
import './forms.css'
import './panel.css'

interface ColourFieldProps extends TextFieldClientProps {
  /** The path of the colour that holds where none is chosen. */
  fallbackPath?: string
}

export function ColourField({ field, fallbackPath, path, readOnly }: ColourFieldProps): ReactNode {
  const { setValue, showError, value } = useField<string | undefined>({ path })
  const fallback = useFormFields(([fields]) => fallbackPath && fields[fallbackPath]?.value)
  const placeholder = isColour(fallback) ? fallback : ''
  const { language } = useTranslator()
  const pickerValue = [value, placeholder].find(isColour) ?? '#000000'
  return (
    <div className="field-type rw-colour" style={mergeFieldStyles(field)}>
      <FieldLabel label={field.label} path={path} />
      <div className="rw-colour__row">
        <input
          aria-label={labelIn(field.label, language)}
          className="rw-colour__well"
          disabled={readOnly}
          onChange={(event) => setValue(event.target.value)}
          type="color"
          value={pickerValue}
        />
        <TextInput
          onChange={(event: ChangeEvent<HTMLInputElement>) => setValue(event.target.value)}
          path={path}
          placeholder={placeholder}
          readOnly={Boolean(readOnly)}
          showError={showError}
          value={value ?? ''}
        />
      </div>
      <FieldError path={path} showError={showError} />
      <FieldDescription description={field.admin?.description} path={path} />
    </div>
  )
}

/** Return what a field is called in a language, as its label says it on the page. */
function labelIn(label: TextFieldClientProps['field']['label'], language: string): string {
  if (typeof label !== 'object') return label || ''
  return label[language] ?? Object.values(label)[0] ?? ''
}
