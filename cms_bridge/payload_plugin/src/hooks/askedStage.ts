/**
 * What a save itself says of the stage.
 *
 * Payload fills in whatever a save leaves out before any other hook sees it; what it fills in is
 * the stage of the video's own film, which asks nothing of the film of another locale.
 */
import type { CollectionBeforeOperationHook, PayloadRequest } from 'payload'

import type { StageRequest, VideoDoc } from '../documents.ts'

const saves: readonly string[] = ['create', 'update', 'updateByID']

/** Remember it for the hooks that follow in the same request. */
export const noteStage: CollectionBeforeOperationHook = (hook) => {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- only its names of reading are
  if (!saves.includes(hook.operation)) return
  const { data } = hook.args as { data?: Partial<VideoDoc> }
  hook.req.context.reelwrightStage = data?.stage
}

export function askedStage(req: PayloadRequest): null | StageRequest | undefined {
  return req.context.reelwrightStage as null | StageRequest | undefined
}
