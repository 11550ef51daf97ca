/**
 * The host's media library: its documents as a storyboard names them, and who may read its files.
 *
 * An editor chooses a document; what is kept and sent is a reference with the version that it had
 * then, so that a file which is exchanged under its old name is another one to the next save.
 */
import type { CollectionConfig, PayloadRequest } from 'payload'
import { Webhook } from 'standardwebhooks'

import type { CastMember, CmsFile, Logo } from './generated/events.ts'
import {
  type CastRow,
  idOf,
  type LogoGroup,
  type MediaChoice,
  type SceneRow,
  type StoryboardDoc,
} from './documents.ts'
import { headersOf } from './endpoints/signed.ts'
import type { Settings } from './settings.ts'

/**
 * Return a storyboard in which every chosen document has become a reference to its file.
 *
 * What came by the API stays as long as nothing is chosen in its place; what was chosen `before`,
 * and is no longer, goes.
 */
export async function withLibrary<T extends Partial<StoryboardDoc>>(
  settings: Settings,
  req: PayloadRequest,
  doc: T,
  before: Partial<StoryboardDoc> = {},
): Promise<T> {
  if (settings.media.length === 0) return doc
  const rows = new Map((before.scenes ?? []).map((row) => [row.sceneId, row]))
  const referenceTo = async <Own>(place: Place<Own>): Promise<CmsFile | null | Own> => {
    if (!place.choice) return place.before ? null : (place.own ?? null)
    return (await reference(settings, req, place.choice)) ?? place.own ?? null
  }
  const bring = async (row: SceneRow): Promise<SceneRow> => {
    const was = rows.get(row.sceneId) ?? {}
    const place = <Own>(name: 'clipFile' | 'narrationFile' | 'picture', own: Own) => ({
      choice: row[name],
      before: was[name],
      own,
    })
    const picture = await referenceTo(place('picture', row.own?.picture))
    const narrationFile = await referenceTo(place('narrationFile', row.own?.narrationFile))
    const footage = await referenceTo(place('clipFile', row.clip?.own))
    const clip = footage ? { ...row.clip, own: footage } : row.clip?.own ? null : row.clip
    return { ...row, own: picture || narrationFile ? { picture, narrationFile } : null, clip }
  }
  const scenes = await Promise.all((doc.scenes ?? []).map(bring))
  const own = await referenceTo({
    choice: doc.musicFile,
    before: before.musicFile,
    own: doc.music?.own,
  })
  const heard = own ? { ...doc.music, file: null, own } : doc.music?.own ? null : doc.music
  return { ...doc, scenes, ...(heard !== undefined && { music: heard }) }
}

/** Return a project's cast as it is sent, with references to the files of its pictures. */
export async function castOf(
  settings: Settings,
  req: PayloadRequest,
  rows: CastRow[] | null | undefined,
): Promise<CastMember[]> {
  const member = async ({ description, kind, name, references }: CastRow): Promise<CastMember> => {
    const chosen = (references ?? []).filter((choice) => choice !== null)
    const files = await Promise.all(chosen.map((choice) => reference(settings, req, choice)))
    return {
      name: name ?? '',
      kind: kind ?? 'person',
      description: description ?? '',
      references: files.filter((file) => file !== null),
    }
  }
  return Promise.all((rows ?? []).map(member))
}

/** Return a project's logo as it is sent; null where none is chosen, or it is not to be had. */
export async function logoOf(
  settings: Settings,
  req: PayloadRequest,
  logo: LogoGroup | null | undefined,
): Promise<Logo | null> {
  if (!logo?.picture) return null
  const own = await reference(settings, req, logo.picture)
  if (!own) return null
  return { own, corner: logo.corner ?? 'top_right', width: (logo.width ?? 12) / 100 }
}

/** Where a storyboard names a file of one's own. */
interface Place<Own> {
  choice: MediaChoice | undefined
  before: MediaChoice | undefined
  /** What is named there now. */
  own: null | Own | undefined
}

/** Return the reference to a document's file; null for one that is not there, or not to be seen. */
async function reference(
  { media }: Settings,
  req: PayloadRequest,
  { relationTo, value }: NonNullable<MediaChoice>,
): Promise<CmsFile | null> {
  if (!media.includes(relationTo)) return null
  const id = idOf(value)
  const file = (await req.payload.findByID({
    collection: relationTo,
    id,
    depth: 0,
    disableErrors: true,
    // Nobody names by its id what they may not see; who has no user is the host itself.
    overrideAccess: !req.user,
    req,
  })) as MediaDoc | null
  if (!file?.filename) return null
  return {
    kind: 'cms',
    collection: relationTo,
    document: String(id),
    name: file.filename,
    version: file.updatedAt,
    mediaType: file.mimeType ?? '',
    bytes: file.filesize ?? 0,
  }
}

/** What Payload keeps of every document of an upload collection. */
interface MediaDoc {
  filename?: null | string
  mimeType?: null | string
  filesize?: null | number
  updatedAt: string
}

/** Let the service read the files of an upload collection, and nothing else of it. */
export function readableByService(
  { webhookSecret }: Settings,
  collection: CollectionConfig,
): CollectionConfig {
  const read = collection.access?.read ?? (({ req }) => Boolean(req.user))
  return {
    ...collection,
    access: {
      ...collection.access,
      read: (args) => {
        const { filename } = (args.data ?? {}) as { filename?: unknown }
        const signed =
          args.isReadingStaticFile &&
          typeof filename === 'string' &&
          isSigned(webhookSecret, args.req, `read ${collection.slug}/${filename}`)
        return signed ? true : read(args)
      },
    },
  }
}

function isSigned(secret: string, req: PayloadRequest, text: string): boolean {
  if (!req.headers.get('webhook-signature')) return false
  try {
    new Webhook(secret).verify(text, headersOf(req), { jsonParse: false })
    return true
  } catch {
    // The library throws its own error and, on garbage, others; each means the same.
    return false
  }
}
