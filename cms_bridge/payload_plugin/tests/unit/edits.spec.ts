/** A storyboard as a form sends it: what is taken of it, and what is none. */
import { describe, expect, test } from 'vitest'

import { toEdit } from '../../src/endpoints/edits.ts'

describe('an edit', () => {
  test('holds the fields that an editor may change, and no others', () => {
    const scenes = [{ narration: 'Tea.' }]
    expect(toEdit({ title: 'Tea', scenes, jobId: 'another' })).toMatchObject({
      title: 'Tea',
      scenes,
    })
    expect(toEdit({ jobId: 'another' })).not.toHaveProperty('jobId')
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
