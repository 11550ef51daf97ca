'use client'
/** A voice: chosen among those that there are, by their language, and heard before it is. */
import {
  Button,
  FieldDescription,
  FieldError,
  FieldLabel,
  TextInput,
  useDocumentInfo,
  useField,
  useFormFields,
} from '@payloadcms/ui'
import { mergeFieldStyles } from '@payloadcms/ui/shared'
import type { TextFieldClientProps } from 'payload'
import { type ChangeEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'

import type { Id } from '../../documents.ts'
import type { Voice } from '../../endpoints/contract.ts'
import { useEndpoints } from './api.ts'
import { formatDollars } from './format.ts'
import { Select } from './Select.tsx'
import { useTranslator } from './useTranslator.ts'
import { groupVoices } from './voices.ts'
import './forms.css'
import './panel.css'

/** How often a sample that is being made is asked for, and how long between. */
const mostLooks = 30
const lookEvery = 1000

interface VoiceFieldProps extends TextFieldClientProps {
  /** Set where the document is a project itself. */
  ofProject?: boolean
}

export function VoiceField({ field, ofProject, path, readOnly }: VoiceFieldProps): ReactNode {
  const { setValue, showError, value } = useField<string | undefined>({ path })
  const { t, language } = useTranslator()
  const { id } = useDocumentInfo()
  const chosenProject = useFormFields(([fields]) => fields.project?.value)
  const speed = useFormFields(([fields]) => fields.speed?.value)
  const spoken = useFormFields(([fields]) => fields.locale?.value)
  const project = ofProject ? id : (chosenProject as Id | undefined)
  const voices = useVoices()
  const locale = typeof spoken === 'string' ? spoken : ''
  const groups = useMemo(
    () => groupVoices(voices === 'away' ? [] : (voices ?? []), { locale, language }),
    [voices, locale, language],
  )
  const known = Array.isArray(voices) ? voices.find((one) => one.id === value) : undefined
  const change = (event: ChangeEvent<HTMLInputElement | HTMLSelectElement>): void =>
    setValue(event.target.value)
  return (
    <div className="field-type rw-voice" style={mergeFieldStyles(field)}>
      <FieldLabel label={field.label} path={path} />
      {voices !== undefined && groups.length === 0 ? (
        <>
          <TextInput
            onChange={change}
            path={path}
            readOnly={Boolean(readOnly)}
            showError={showError}
            value={value ?? ''}
          />
          {voices === 'away' && <p className="rw-panel__help">{t('voice.away')}</p>}
        </>
      ) : (
        <div className="rw-voice__row">
          <Select
            // What there is to choose from comes a moment later.
            disabled={readOnly === true || voices === undefined}
            // As Payload's own fields are called, which their labels point to.
            id={`field-${path.replace(/\./g, '__')}`}
            onChange={change}
            value={value ?? ''}
          >
            <option value="">{t('voice.usual')}</option>
            {value && !known && (
              <option value={value}>
                {voices ? t('voice.unlisted', { voice: value }) : value}
              </option>
            )}
            {groups.map(({ label, voices: some }) => (
              <optgroup key={label} label={label || t('voice.everyLanguage')}>
                {some.map((one) => (
                  <option key={one.id} value={one.id}>
                    {[one.name, one.description, one.provider].filter(Boolean).join(' · ')}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
          {known && (
            <Sample
              key={known.id}
              locale={locale}
              project={project}
              speed={typeof speed === 'number' ? speed : 1}
              voice={known}
            />
          )}
        </div>
      )}
      <FieldError path={path} showError={showError} />
      <FieldDescription description={field.admin?.description} path={path} />
    </div>
  )
}

/** The button that lets a voice be heard, at the speed that is chosen. */
function Sample({
  locale,
  project,
  speed,
  voice,
}: {
  locale: string
  project: Id | undefined
  speed: number
  voice: Voice
}): ReactNode {
  const { language, t } = useTranslator()
  const ask = useEndpoints()
  const [state, setState] = useState<'failed' | 'idle' | 'making'>('idle')
  const audio = useRef<HTMLAudioElement | null>(null)
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
      audio.current?.pause()
    }
  }, [])

  const find = async (): Promise<null | string> => {
    if (voice.sampleUrl) return voice.sampleUrl
    if (project === undefined) return null
    const json = JSON.stringify({ voice: voice.id, language: locale, upTo: voice.samplePrice })
    for (let look = 0; look < mostLooks && !gone.current; look++) {
      const told = await ask('voiceSample', { params: { id: project }, json })
      if (!told.ok) return null
      if (told.answer.url) return told.answer.url
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
    }
    return null
  }
  const play = async (): Promise<void> => {
    audio.current?.pause()
    setState('making')
    try {
      const url = await find()
      if (!url || gone.current) throw new Error('There is nothing to hear.')
      audio.current = new Audio(url)
      audio.current.playbackRate = speed
      await audio.current.play()
      setState('idle')
    } catch {
      if (!gone.current) setState('failed')
    }
  }

  const price = Number(voice.samplePrice)
  const words =
    !voice.sampleUrl && price > 0
      ? t('voice.hearFor', { price: formatDollars(price, language) })
      : t('voice.hear')
  return (
    <>
      <Button
        buttonStyle="secondary"
        disabled={state === 'making' || (!voice.sampleUrl && project === undefined)}
        margin={false}
        onClick={() => void play()}
        size="small"
      >
        {state === 'making' ? t('voice.making') : words}
      </Button>
      {state === 'failed' && (
        <span className="rw-panel__help" role="status">
          {t('voice.silent')}
        </span>
      )}
    </>
  )
}

/** Return the voices there are, or that they cannot be told; undefined until one of it is known. */
function useVoices(): 'away' | undefined | Voice[] {
  const ask = useEndpoints()
  const [voices, setVoices] = useState<'away' | Voice[]>()
  useEffect(() => {
    const aborted = new AbortController()
    ask('voices', { params: {}, signal: aborted.signal })
      .then((told) => setVoices(told.ok ? told.answer : 'away'))
      .catch(() => {
        if (!aborted.signal.aborted) setVoices('away')
      })
    return () => aborted.abort()
  }, [ask])
  return voices
}
