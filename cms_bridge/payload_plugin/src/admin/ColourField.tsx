'use client'
/** A colour: the browser's own picker beside the value as text. */
import { FieldError, FieldLabel, TextInput, useField } from '@payloadcms/ui'
import { mergeFieldStyles } from '@payloadcms/ui/shared'
import type { TextFieldClientComponent } from 'payload'
import type { ChangeEvent } from 'react'

import './panel.css'

export const ColourField: TextFieldClientComponent = ({ field, path, readOnly }) => {
  const { setValue, showError, value } = useField<string | undefined>({ path })
  const known = /^#[0-9a-f]{6}$/i.test(value ?? '') ? value : '#000000'
  return (
    <div className="field-type rw-colour" style={mergeFieldStyles(field)}>
      <FieldLabel label={field.label} path={path} />
      <div className="rw-colour__row">
        <input
          aria-label={path}
          className="rw-colour__well"
          disabled={readOnly}
          onChange={(event) => setValue(event.target.value)}
          type="color"
          value={known}
        />
        <TextInput
          onChange={(event: ChangeEvent<HTMLInputElement>) => setValue(event.target.value)}
          path={path}
          readOnly={Boolean(readOnly)}
          showError={showError}
          value={value ?? ''}
        />
      </div>
      <FieldError path={path} showError={showError} />
    </div>
  )
}
