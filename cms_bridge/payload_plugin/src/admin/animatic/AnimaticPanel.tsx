'use client'
/** The animatic in its storyboard: the film as it stands in the form, before it is paid for. */
import { useAllFormFields, useDocumentInfo } from '@payloadcms/ui'
import { reduceFieldsToValues } from 'payload/shared'
import { type ReactNode, useDeferredValue } from 'react'

import type { StoryboardDoc } from '../../documents.ts'
import { Animatic } from './Animatic.tsx'

export function AnimaticPanel(): ReactNode {
  const { data } = useDocumentInfo()
  const storyboard = data as StoryboardDoc | undefined
  const [fields] = useAllFormFields()
  const edit = useDeferredValue(fields)
  if (storyboard?.id === undefined) return null
  return <Animatic edit={reduceFieldsToValues(edit, true)} id={storyboard.id} />
}
