/**
 * What of the plugin's documents a request may touch: the one place that decides about projects.
 *
 * Whose project is not among those of `access.projects` sees nothing of it: neither documents
 * nor their versions, events, or answers of the plugin's endpoints, which read as whoever asks.
 */
import type { Access, CollectionConfig, PayloadRequest, Where } from 'payload'

import { idOf, type ProjectDoc, type Reference } from './documents.ts'
import type { CollectionName } from './options.ts'
import type { Settings } from './settings.ts'

type Rules = Pick<Settings, 'access'>

/** Return who may do what in each collection; what is true of a document holds for its versions. */
export function collectionAccess(
  settings: Rules,
): Record<CollectionName, NonNullable<CollectionConfig['access']>> {
  const { outbox, read, write } = settings.access
  const nobody: Access = () => false
  const readable = (path: string): { read: Access; readVersions: Access } => {
    const reading = within(settings, read, path)
    return { read: reading, readVersions: ofVersions(reading) }
  }
  const writing = within(settings, write, 'project')
  const ofVideo = within(settings, write, 'video.project')
  const ofProject = within(settings, write, 'id')
  return {
    projects: { ...readable('id'), create: write, update: ofProject, delete: ofProject },
    videos: {
      ...readable('project'),
      create: intoProject(settings, write),
      update: intoProject(settings, writing),
      delete: writing,
    },
    // The service creates with the Local API; nobody does through REST.
    storyboards: { ...readable('video.project'), create: nobody, update: ofVideo, delete: ofVideo },
    // The service writes past the Local API; what it writes no field lets anybody else change.
    renditions: { ...readable('video.project'), create: nobody, update: ofVideo, delete: ofVideo },
    outbox: {
      read: within(settings, outbox, 'video.project'),
      create: nobody,
      update: nobody,
      delete: nobody,
    },
  }
}

/** Tell whether a request may touch a project's documents. */
export async function maySeeProject(
  { access }: Rules,
  req: PayloadRequest,
  project: Reference<ProjectDoc>,
): Promise<boolean> {
  const projects = await access.projects({ req })
  return projects === 'all' || projects.some((one) => String(idOf(one)) === String(idOf(project)))
}

/** Narrow a rule to documents whose project, at this path, is one that the user may see. */
function within({ access }: Rules, rule: Access, path: string): Access {
  return async (args) => {
    const allowed = await rule(args)
    if (!allowed) return false
    const projects = await access.projects({ req: args.req })
    if (projects === 'all') return allowed
    const inProjects: Where = { [path]: { in: projects.map((one) => idOf(one)) } }
    return allowed === true ? inProjects : { and: [allowed, inProjects] }
  }
}

/** Refuse a document that is to be put into a project that the user may not see. */
function intoProject(settings: Rules, rule: Access): Access {
  return async (args) => {
    const { project } = (args.data ?? {}) as { project?: null | Reference<ProjectDoc> }
    if (project && !(await maySeeProject(settings, args.req, project))) return false
    return rule(args)
  }
}

/** Turn a rule about documents into one about their versions, which know them as `parent`. */
function ofVersions(rule: Access): Access {
  return async (args) => {
    const allowed = await rule(args)
    return typeof allowed === 'boolean' ? allowed : ofParent(allowed)
  }
}

function ofParent(where: Where): Where {
  return Object.fromEntries(
    Object.entries(where).map(([path, condition]) =>
      path.toLowerCase() === 'and' || path.toLowerCase() === 'or'
        ? [path, (condition as Where[]).map(ofParent)]
        : [`parent.${path}`, condition],
    ),
  )
}
