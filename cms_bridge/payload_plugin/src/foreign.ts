/**
 * Relationships that others gave to collections: the host, or a plugin such as that for tenants.
 *
 * What is made of a document belongs to whom that document belongs to. Nobody is asked for it where
 * the service writes, so it is taken from there; the plugin's own fields are set by the plugin.
 */
import type { BasePayload, CollectionConfig, FlattenedField } from 'payload'
import { flattenTopLevelFields } from 'payload/shared'

/** Let a collection know which of its fields the plugin gave it. */
export function withOwnFields(collection: CollectionConfig): CollectionConfig {
  const reelwrightFields = flattenTopLevelFields(collection.fields)
    .map((field) => ('name' in field ? field.name : undefined))
    .filter((name) => name !== undefined)
  return { ...collection, custom: { ...collection.custom, reelwrightFields } }
}

/** Return what a document says in such fields, for one in another collection that has them too. */
export function foreignValues(
  payload: BasePayload,
  { collection, doc }: { collection: string; doc: object },
  target: string,
): Record<string, unknown> {
  const wanted = new Map(foreignFields(payload, target).map((field) => [field.name, field]))
  const values = doc as Record<string, unknown>
  const shared = foreignFields(payload, collection).filter(({ name, relationTo }) => {
    const other = wanted.get(name)
    return other && String(other.relationTo) === String(relationTo)
  })
  return Object.fromEntries(
    shared.map(({ name }) => [name, values[name]]).filter(([, value]) => value !== undefined),
  ) as Record<string, unknown>
}

type Relationship = Extract<FlattenedField, { type: 'relationship' }>

function foreignFields(payload: BasePayload, collection: string): Relationship[] {
  const { custom, flattenedFields } = payload.collections[collection]?.config ?? {}
  const own = new Set((custom?.reelwrightFields ?? []) as string[])
  return (flattenedFields ?? [])
    .filter((field) => field.type === 'relationship')
    .filter(({ name }) => !own.has(name))
}
