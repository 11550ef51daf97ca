'use client'
/** A scene that is to be added to the end of a film: written here, and there once it is saved. */
import { Button } from '@payloadcms/ui'
import { type ReactNode, useState } from 'react'

import { useTranslator } from '../shared/useTranslator.ts'
import { type EditedScene, emptyScene, SceneEditor } from './SceneEditor.tsx'
import { useEditFocus } from './useEditFocus.ts'

interface Props {
  add: (scene: EditedScene) => Promise<boolean>
}

export function NewScene({ add }: Props): ReactNode {
  const { t } = useTranslator()
  const [scene, setScene] = useState<EditedScene | null>(null)
  const [busy, setBusy] = useState(false)
  const { buttons, fields } = useEditFocus(scene !== null)
  const isEmpty = !scene?.narration?.trim() && !scene?.picturePrompt?.trim()
  const save = async (): Promise<void> => {
    if (!scene) return
    setBusy(true)
    const added = await add(scene)
    setBusy(false)
    if (added) setScene(null)
  }
  if (!scene) {
    return (
      <div className="rw-board__buttons" ref={buttons}>
        <Button
          buttonStyle="secondary"
          margin={false}
          onClick={() => setScene(emptyScene)}
          size="medium"
        >
          {t('board.add')}
        </Button>
      </div>
    )
  }
  return (
    <section aria-label={t('board.new')} className="rw-board__scene rw-board__new">
      <strong>{t('board.new')}</strong>
      <SceneEditor
        busy={busy || isEmpty}
        fields={fields}
        leave={() => setScene(null)}
        name="new"
        save={() => void save()}
        scene={scene}
        write={setScene}
      />
    </section>
  )
}
