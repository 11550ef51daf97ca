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
import type { Voice, VoiceSample } from '../../endpoints/contract.ts'
import { useEndpoints } from './api.ts'
import { formatDollars } from './format.ts'
import { hear } from './hear.ts'
import { LostCalls } from './LostCalls.tsx'
import { untilMade } from './made.ts'
import type { Reply } from './reply.ts'
import { Select } from './Select.tsx'
import { useAnswer } from './useAnswer.ts'
import { useLost } from './useLost.ts'
import { useTranslator } from './useTranslator.ts'
import { groupVoices, tellVoice } from './voices.ts'
import './forms.css'
import './panel.css'

export function VoiceField({ field, path, readOnly }: TextFieldClientProps): ReactNode {
  const { setValue, showError, value } = useField<string | undefined>({ path })
  const { t, language } = useTranslator()
  const project = useProject()
  const speed = useFormFields(([fields]) => fields.speed?.value)
  const spoken = useFormFields(([fields]) => fields.locale?.value)
  const voices = useAnswer('voices', null)
  const [isTyping, setTyping] = useState(false)
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
      {isTyping || (voices !== undefined && groups.length === 0) ? (
        // Nobody's typing is cut off by the list that comes once the service is back.
        <div onBlur={() => setTyping(false)} onFocus={() => setTyping(true)}>
          <TextInput
            onChange={change}
            path={path}
            readOnly={Boolean(readOnly)}
            showError={showError}
            value={value ?? ''}
          />
          {voices === 'away' && <p className="rw-panel__help">{t('voice.away')}</p>}
        </div>
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
                    {tellVoice(one, language)}
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
  const [sample, setSample] = useState(voice.sampleUrl)
  const audio = useRef<HTMLAudioElement | null>(null)
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
      audio.current?.pause()
    }
  }, [])

  const order = (id: Id, upTo: string): Promise<Reply<VoiceSample>> => {
    const json = JSON.stringify({ voice: voice.id, language: locale, upTo })
    return ask('voiceSample', { params: { id }, json })
  }
  const find = async (): Promise<null | string> => {
    if (project === undefined) return null
    const told = await order(project, voice.samplePrice)
    if (!told.ok || !told.answer.asset) return told.ok ? told.answer.url : null
    const problem = await untilMade(ask, project, told.answer.asset, () => gone.current)
    if (problem) return null
    const there = await order(project, voice.samplePrice)
    return there.ok ? there.answer.url : null
  }
  /** Look it up where it was told, at no price: none stands on the button. */
  const renew = async (): Promise<null | string> => {
    if (gone.current) return null
    if (voice.sampleUrl) {
      const told = await ask('voices', { params: {} })
      return (told.ok && told.answer.find(({ id }) => id === voice.id)?.sampleUrl) || null
    }
    const told = project === undefined ? undefined : await order(project, '0')
    return told?.ok ? told.answer.url : null
  }
  const begin = async (url: string): Promise<void> => {
    if (gone.current) throw new Error('Nobody listens any more.')
    audio.current = new Audio(url)
    audio.current.playbackRate = speed
    await audio.current.play()
  }
  const play = async (): Promise<void> => {
    audio.current?.pause()
    setState('making')
    try {
      setSample(await hear({ known: sample, find, renew, play: begin }))
      setState('idle')
    } catch {
      if (gone.current) return
      // What is listed is looked up in the list the next time as well.
      if (!voice.sampleUrl) setSample(null)
      setState('failed')
    }
  }

  const price = Number(voice.samplePrice)
  const isPaid = !sample && price > 0
  const lost = useLost(project, isPaid)
  const words = isPaid
    ? t('voice.hearFor', { price: formatDollars(price, language) })
    : t('voice.hear')
  return (
    <>
      <Button
        buttonStyle="secondary"
        disabled={state === 'making' || (!sample && project === undefined)}
        margin={false}
        onClick={() => void play()}
        size="small"
      >
        {state === 'making' ? t('voice.making') : words}
      </Button>
      {isPaid && <LostCalls price={lost} />}
      {state === 'failed' && (
        <span className="rw-panel__help" role="status">
          {t('voice.silent')}
        </span>
      )}
    </>
  )
}

/** Return whose caps a sample counts against: a document's project, or what is a project itself. */
function useProject(): Id | undefined {
  const { id } = useDocumentInfo()
  const chosen = useFormFields(([fields]) => fields.project)
  return chosen ? (chosen.value as Id | undefined) : id
}
