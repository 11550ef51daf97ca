/** Lets a new video begin with what its project says that videos begin with. */
import type { CollectionBeforeOperationHook } from 'payload'

import { type ProjectDoc, type VideoDoc, videoDefaults } from '../documents.ts'
import type { Settings } from '../settings.ts'

/**
 * Fill in what whoever creates a video leaves open. The admin's form leaves nothing open: there the
 * project's page fills it in beforehand, where it is seen.
 *
 * Before the operation, since Payload fills in its own defaults before any other hook.
 */
export function beginAsProject({ slugs }: Settings): CollectionBeforeOperationHook {
  return async (hook) => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- only its names of reading are
    if (hook.operation !== 'create') return
    const { data, overrideAccess } = hook.args as {
      data?: Partial<VideoDoc>
      overrideAccess?: boolean
    }
    // A save by the API may hold anything.
    if (!data?.project) return
    const { project } = data
    const found = (await hook.req.payload.findByID({
      collection: slugs.projects,
      id: typeof project === 'object' ? project.id : project,
      depth: 0,
      disableErrors: true,
      // As whoever creates may read it: what another project begins with is not theirs to know.
      overrideAccess: overrideAccess ?? true,
      req: hook.req,
      user: hook.req.user,
    })) as null | ProjectDoc
    const begun = videoDefaults(found?.defaults)
    Object.assign(data, { ...begun, ...data })
  }
}
