/** What a film says, to be read on its page. */
import type { ReactNode } from 'react'

interface Props {
  address: string
  label: string
  /** Empty where nothing is said; nothing where it was not written down. */
  said: null | string | undefined
}

export function Transcript({ address, label, said }: Props): ReactNode {
  if (said === '') return null
  if (!said) {
    return (
      address && (
        <p className="reelwright-player__transcript">
          <a href={address}>{label}</a>
        </p>
      )
    )
  }
  const paragraphs = said.trim().split(/\n{2,}/)
  return (
    <details className="reelwright-player__transcript">
      <summary>{label}</summary>
      {paragraphs.map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
    </details>
  )
}
