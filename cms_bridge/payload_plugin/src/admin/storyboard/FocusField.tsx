'use client'
/** A picture's focus point: a click on a frame of the video's shape, or two numbers. */
import { FieldDescription, FieldLabel, useField, useFormFields } from '@payloadcms/ui'
import type { GroupFieldClientProps } from 'payload'
import { type PointerEvent, type ReactNode, useId } from 'react'

import type { AspectRatio } from '../../generated/events.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import '../shared/forms.css'
import '../shared/panel.css'

export function FocusField({ field, path, readOnly }: GroupFieldClientProps): ReactNode {
  const x = useField<null | number | undefined>({ path: `${path}.x` })
  const y = useField<null | number | undefined>({ path: `${path}.y` })
  const aspectRatio = useFormFields(
    ([fields]) => fields.aspectRatio?.value as AspectRatio | undefined,
  )
  const moveFocus = (event: PointerEvent<HTMLDivElement>): void => {
    // The first press, and then every move while it lasts.
    if (readOnly || event.buttons !== 1) return
    const frame = event.currentTarget.getBoundingClientRect()
    x.setValue(toShare(((event.clientX - frame.left) / frame.width) * 100))
    y.setValue(toShare(((event.clientY - frame.top) / frame.height) * 100))
  }
  return (
    <div className="field-type rw-focus">
      <FieldLabel as="span" label={field.label} path={path} />
      <div className="rw-focus__row">
        {/* The numbers beside it say and set the same. */}
        <div
          aria-hidden
          className="rw-focus__frame"
          onPointerDown={moveFocus}
          onPointerMove={moveFocus}
          style={{ aspectRatio: (aspectRatio ?? '16:9').replace(':', ' / ') }}
        >
          <span
            className="rw-focus__point"
            style={{
              left: `${String(toPercent(x.value))}%`,
              top: `${String(toPercent(y.value))}%`,
            }}
          />
        </div>
        <Percent axis="x" field={x} readOnly={Boolean(readOnly)} />
        <Percent axis="y" field={y} readOnly={Boolean(readOnly)} />
      </div>
      <FieldDescription description={field.admin?.description} path={path} />
    </div>
  )
}

interface PercentProps {
  axis: 'x' | 'y'
  field: { setValue: (value: number) => void; value: null | number | undefined }
  readOnly: boolean
}

function Percent({ axis, field, readOnly }: PercentProps): ReactNode {
  const { t } = useTranslator()
  const id = useId()
  return (
    <div className="field-type number rw-focus__number">
      <label className="field-label" htmlFor={id}>
        {t(`focus.${axis}`)}
      </label>
      <input
        disabled={readOnly}
        id={id}
        max={100}
        min={0}
        onChange={(event) => field.setValue(toShare(event.target.valueAsNumber))}
        type="number"
        value={toPercent(field.value)}
      />
    </div>
  )
}

/** Return whole percents as a share of 1; the middle for what is no number. */
function toShare(percent: number): number {
  return Number.isNaN(percent) ? 0.5 : Math.round(Math.min(100, Math.max(0, percent))) / 100
}

function toPercent(share: null | number | undefined): number {
  return Math.round((share ?? 0.5) * 100)
}
