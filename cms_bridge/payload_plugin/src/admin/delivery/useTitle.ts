/** A document's title in the editor's language, where the field that names it holds a code. */
import { useDocumentTitle } from '@payloadcms/ui'
import { useEffect } from 'react'

/** Have the head and the breadcrumb say these words; empty leaves them as they are. */
export function useTitle(words: string): void {
  const { setDocumentTitle, title } = useDocumentTitle()
  // Payload puts the field's value there itself, with each save and right after this effect: in
  // the same turn it would have the last word, and nothing would be drawn anew.
  useEffect(() => {
    if (!words || title === words) return undefined
    const frame = requestAnimationFrame(() => setDocumentTitle(words))
    return () => cancelAnimationFrame(frame)
  }, [setDocumentTitle, title, words])
}
