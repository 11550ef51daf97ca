/** A storyboard as a form sends it: what is taken of it, and what is none. */
import type { Field } from 'payload'
import { describe, expect, test } from 'vitest'

import { storyboards } from '../../src/collections/storyboards.ts'
import { editedFields } from '../../src/endpoints/contract.ts'
import { toEdit } from '../../src/endpoints/edits.ts'
import { resolveSettings } from '../../src/settings.ts'
import { plugin } from '../support/constants.ts'

/** Whether an editor finds a field in the form, to be changed there. */
function isTyped(field: Field): boolean {
  const admin = (field.admin ?? {}) as Record<string, unknown>
  const isKept = ['disabled', 'hidden', 'readOnly'].some((name) => Boolean(admin[name]))
  const isService = 'access' in field && Boolean(field.access?.update)
  return field.type !== 'ui' && 'name' in field && !isKept && !isService
}

describe('an edit', () => {
  test('holds the fields that an editor may change, and no others', () => {
    const scenes = [{ narration: 'Tea.' }]
    expect(toEdit({ title: 'Tea', scenes, jobId: 'another' })).toMatchObject({
      title: 'Tea',
      scenes,
    })
    expect(toEdit({ disclosure: true })).toEqual({ disclosure: true })
    expect(toEdit({ jobId: 'another' })).not.toHaveProperty('jobId')
  })

  test('is of whatever the form lets be typed', () => {
    const { fields } = storyboards(
      resolveSettings({ ...plugin, bridgeUrl: 'http://127.0.0.1:9', media: ['media'] }),
    )
    const typed = fields.filter(isTyped).flatMap((field) => ('name' in field ? [field.name] : []))
    expect(typed.sort()).toEqual([...editedFields].sort())
  })

  test.for(['scenes', 'speakers'])('takes %s without rows as Payload’s forms have them', (name) => {
    expect(toEdit({ [name]: 0 })).toMatchObject({ [name]: [] })
    expect(toEdit({ [name]: [] })).toMatchObject({ [name]: [] })
  })

  test.for([
    'words',
    [],
    { scenes: 'all' },
    { scenes: 2 },
    { scenes: ['one'] },
    { speakers: 1 },
    { speakers: [null] },
  ])('is not %j', (body) => {
    expect(toEdit(body)).toBeNull()
  })
})
