'use client'
/** Keeps the keyboard where the work is: what was pressed is gone once a card is edited. */
import { type RefObject, useEffect, useRef } from 'react'

interface EditFocus {
  /** Where the button stands that begins to edit. */
  buttons: RefObject<HTMLDivElement | null>
  fields: RefObject<HTMLDivElement | null>
}

/** Go into the first field as editing begins, and back to the first button as it ends. */
export function useEditFocus(isEditing: boolean): EditFocus {
  const buttons = useRef<HTMLDivElement>(null)
  const fields = useRef<HTMLDivElement>(null)
  const wasEditing = useRef(isEditing)

  useEffect(() => {
    if (isEditing === wasEditing.current) return
    wasEditing.current = isEditing
    if (isEditing) fields.current?.querySelector('textarea')?.focus()
    else buttons.current?.querySelector('button')?.focus()
  }, [isEditing])

  return { buttons, fields }
}
