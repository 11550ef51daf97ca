/**
 * The host's media library: its documents as a storyboard names them, and who may read its files.
 *
 * An editor chooses a document; what is kept and sent is a reference with the version that it had
 * then, so that a file which is exchanged under its old name is another one to the next save.
 */
import type { CollectionConfig, PayloadRequest } from 'payload'
import { Webhook } from 'standardwebhooks'

import type { CastMember, CmsFile, Logo, Storyboard } from './generated/events.ts'
import {
  type CastRow,
  type Id,
  idOf,
  type LogoGroup,
  type MediaChoice,
  type SceneRow,
  type StoryboardDoc,
} from './documents.ts'
import { headersOf } from './endpoints/signed.ts'
import { isRecord } from './json.ts'
import { Refusal } from './refusal.ts'
import type { Settings } from './settings.ts'
import { translate } from './translations/index.ts'

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

/**
 * Return a storyboard in which no file is named any more that the library has replaced since.
 *
 * What nobody chooses here, such as a cast, stays as it was drafted: another alternative text makes
 * no other file of it, but the bytes that it had are gone once there are others in their place.
 */
export async function withReplaced<T extends Partial<StoryboardDoc>>(
  settings: Settings,
  req: PayloadRequest,
  doc: T,
): Promise<T> {
  const { cast, logo, music, scenes } = doc
  const shown = Object.entries({ cast, logo, music, scenes }).filter(([, value]) => value)
  const held = new Map(filesIn(shown).map((file) => [nameOf(file), file]))
  const present = new Map<string, CmsFile>()
  for (const [name, { collection, document }] of held) {
    const now = await reference(settings, req, { relationTo: collection, value: document })
    if (now) present.set(name, now)
  }
  const renewed = mapFiles(shown, (file) => {
    const now = present.get(nameOf(file))
    return now && isReplaced(file, now, req) ? now : file
  })
  return { ...doc, ...Object.fromEntries(renewed) }
}

/**
 * Return what a storyboard names anew of the library and whoever asks may not read; or undefined.
 *
 * The service reads what a storyboard names: by a document's id, or another document's file name,
 * somebody would have of it what they may not see. So would who chooses a document in a field that
 * the form hides, which Payload does not check, and waits for the host to save. Who has no user is
 * the host or the service.
 */
export async function findUnreadable(
  settings: Settings,
  req: PayloadRequest,
  before: Partial<StoryboardDoc>,
  after: Partial<StoryboardDoc>,
): Promise<string | undefined> {
  if (!req.user) return undefined
  const known = new Set(namedIn(before).map(keyOf))
  for (const named of namedIn(after)) {
    if (known.has(keyOf(named))) continue
    const { file, relationTo, value } = named
    const now = await reference(settings, req, { relationTo, value })
    if (!now || (file !== undefined && file !== now.name)) return file ?? relationTo
  }
  return undefined
}

/** Refuse a storyboard that names such a file. */
export async function refuseUnreadable(
  settings: Settings,
  req: PayloadRequest,
  before: Partial<StoryboardDoc>,
  after: Partial<StoryboardDoc>,
): Promise<void> {
  const file = await findUnreadable(settings, req, before, after)
  if (file === undefined) return
  throw new Refusal(translate(req.i18n.language, 'error.file_unreadable', { file }))
}

/** A document of the library, and where it is not chosen but named, the file that it is to have. */
type Named = NonNullable<MediaChoice> & { file?: string }

/** Only of these does the service read files; what is written elsewhere makes none of them known. */
function namedIn({ cast, logo, music, musicFile, scenes }: Partial<StoryboardDoc>): Named[] {
  const rows = scenes ?? []
  const choices = rows.flatMap((row) => [row.picture, row.clipFile, row.narrationFile])
  return [
    ...[musicFile, ...choices].filter((choice) => choice !== null && choice !== undefined),
    ...filesIn([cast, logo, music, scenes]).map(({ collection, document, name }) => ({
      relationTo: collection,
      value: document,
      file: name,
    })),
  ]
}

const keyOf = ({ file, relationTo, value }: Named): string =>
  JSON.stringify([relationTo, String(idOf(value)), file ?? null])

/** Return every file of the library that is named anywhere in a value. */
export function filesIn(value: unknown): CmsFile[] {
  const files: CmsFile[] = []
  mapFiles(value, (file) => {
    files.push(file)
    return file
  })
  return files
}

/** Return what a storyboard shows of the library, as its document keeps it to be found by. */
export function namesIn(storyboard: Storyboard): string[] {
  return [...new Set(filesIn(storyboard).map(nameOf))]
}

/** Name a document of the library among those of all its collections. */
export function nameOf({ collection, document }: Pick<CmsFile, 'collection' | 'document'>): string {
  return `${collection}/${document}`
}

/** Let what is saved meanwhile in a request know which file was replaced. */
export async function whileReplacing<T>(
  req: PayloadRequest,
  name: string,
  save: () => Promise<T>,
): Promise<T> {
  req.context.reelwrightReplaced = name
  try {
    return await save()
  } finally {
    delete req.context.reelwrightReplaced
  }
}

/** Return the file that was replaced, as a storyboard shows it now; nothing in any other save. */
export function replacedIn(req: PayloadRequest, storyboard: Storyboard): CmsFile | undefined {
  return filesIn(storyboard).find((file) => nameOf(file) === req.context.reelwrightReplaced)
}

/** Tell whether a document has another file than it had, by what is known of both. */
export function isReplaced(before: CmsFile, now: CmsFile, req: PayloadRequest): boolean {
  if (before.version === now.version) return false
  // Of what an integrator named less may be known than of what was chosen.
  return (
    req.context.reelwrightReplaced === nameOf(now) ||
    before.name !== now.name ||
    (Boolean(before.bytes) && before.bytes !== now.bytes) ||
    (Boolean(before.mediaType) && before.mediaType !== now.mediaType)
  )
}

function mapFiles<T>(value: T, change: (file: CmsFile) => CmsFile): T {
  if (Array.isArray(value)) return value.map((each) => mapFiles<unknown>(each, change)) as T
  if (!isRecord(value)) return value
  if (value.kind === 'cms') return change(value as unknown as CmsFile) as T
  const entries = Object.entries(value).map(([key, each]) => [key, mapFiles(each, change)])
  return Object.fromEntries(entries) as T
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
  const { collections, db } = req.payload
  const idType = collections[relationTo]?.customIDType ?? db.defaultIDType
  // What an integrator names may be no id here at all, which a database would not look for.
  if (idType === 'number' && !/^\d{1,15}$/.test(String(id))) return null
  const file = (await req.payload.findByID({
    collection: relationTo,
    id,
    depth: 0,
    disableErrors: true,
    // Nobody names by its id what they may not see; who has no user is the host itself.
    overrideAccess: !req.user,
    req,
  })) as MediaDoc | null
  return file && fileOf(relationTo, file)
}

/** Return the reference to a document's file; null for a document that has none. */
function fileOf(collection: string, doc: MediaDoc): CmsFile | null {
  if (!doc.filename) return null
  return {
    kind: 'cms',
    collection,
    document: String(doc.id),
    name: doc.filename,
    version: doc.updatedAt,
    mediaType: doc.mimeType ?? '',
    bytes: doc.filesize ?? 0,
  }
}

/** What Payload keeps of every document of an upload collection. */
interface MediaDoc {
  id: Id
  filename?: null | string
  mimeType?: null | string
  filesize?: null | number
  updatedAt: string
}

/**
 * Let the service read the files of an upload collection, and nothing else of it.
 *
 * One that was replaced since a storyboard named it is not handed over (409): what lies under its
 * name now is not what was approved, also where its document is gone and another has the name.
 */
export function readableByService(
  settings: Settings,
  collection: CollectionConfig,
): CollectionConfig {
  const read = collection.access?.read ?? (({ req }) => Boolean(req.user))
  return {
    ...collection,
    access: {
      ...collection.access,
      read: async (args) => {
        const { filename } = (args.data ?? {}) as { filename?: unknown }
        const signed =
          args.isReadingStaticFile &&
          typeof filename === 'string' &&
          isSigned(settings.webhookSecret, args.req, `read ${collection.slug}/${filename}`)
        if (!signed) return read(args)
        const before = asked(args.req, collection.slug, filename)
        if (before.document && (await isAnother(settings, args.req, before))) {
          throw new Refusal('This file was replaced.')
        }
        return true
      },
    },
  }
}

/** Tell whether what is served under a file's name now is another than the one that was named. */
async function isAnother(
  settings: Settings,
  req: PayloadRequest,
  before: CmsFile,
): Promise<boolean> {
  const { collection, document } = before
  const { docs } = await req.payload.find({
    collection,
    where: { filename: { equals: before.name } },
    depth: 0,
    pagination: false,
    overrideAccess: true,
    req,
    // One in the trash keeps its file, and its name.
    trash: true,
  })
  const holders = docs as unknown as MediaDoc[]
  const own = holders.find(({ id }) => String(id) === document)
  if (!own && holders.length > 0) return true
  const now = own
    ? fileOf(collection, own)
    : await reference(settings, req, { relationTo: collection, value: document })
  return now !== null && isReplaced(before, now, req)
}

/** Return the file that a request is for, as the storyboard knew it; an older service says less. */
function asked({ searchParams }: PayloadRequest, collection: string, name: string): CmsFile {
  return {
    kind: 'cms',
    collection,
    document: searchParams.get('document') ?? '',
    name,
    version: searchParams.get('version') ?? '',
    mediaType: searchParams.get('mediaType') ?? '',
    bytes: Number(searchParams.get('bytes') ?? 0),
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
