'use client'
/** A storyboard's scenes outside of its form: read, and saved one by one. */
import { toast, useConfig } from '@payloadcms/ui'
import { useCallback, useEffect, useState } from 'react'

import type { Id, StoryboardDoc } from '../../documents.ts'
import { readPayloadError } from '../shared/api.ts'
import { useTranslator } from '../shared/useTranslator.ts'
import { type ChangeOfScenes, saveScenes } from './saveScenes.ts'

export interface Scenes {
  storyboard: null | StoryboardDoc
  /** Save what a function makes of the scenes as they stand now; tell whether it was saved. */
  save: (change: ChangeOfScenes) => Promise<boolean>
}

/** Read a storyboard now and in each new situation. */
export function useScenes(id: Id, collection: string, situation: string): Scenes {
  const { config } = useConfig()
  const { t } = useTranslator()
  const address = `${config.serverURL}${config.routes.api}/${collection}/${String(id)}?depth=0`
  const [storyboard, setStoryboard] = useState<null | StoryboardDoc>(null)

  useEffect(() => {
    const abort = new AbortController()
    read(address, abort.signal)
      .then((doc) => doc && setStoryboard(doc))
      // Left, or the server is away: what was read before is shown.
      .catch(() => undefined)
    return () => abort.abort()
  }, [address, situation])

  const save = useCallback<Scenes['save']>(
    async (change) => {
      const saved = await saveScenes(
        (init) => fetch(address, { credentials: 'include', ...init }).catch(() => null),
        change,
      )
      if (!saved) {
        toast.error(t('error.scene_changed'))
        return false
      }
      const { response } = saved
      if (!response?.ok) {
        toast.error(await readPayloadError(response, t('panel.unreachable')))
        return false
      }
      const { doc } = (await response.json()) as { doc: StoryboardDoc }
      setStoryboard(doc)
      return true
    },
    [address, t],
  )
  return { storyboard, save }
}

async function read(address: string, signal: AbortSignal): Promise<null | StoryboardDoc> {
  const response = await fetch(address, { credentials: 'include', signal })
  return response.ok ? ((await response.json()) as StoryboardDoc) : null
}
