import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { Bridge } from './testing/bridge.ts'
import { type Cms, startCms } from './testing/cms.ts'
import { storyboardWrite } from './testing/samples.ts'

const bridge = new Bridge()
let cms: Cms

beforeAll(async () => {
  await bridge.start()
  cms = await startCms({ bridgeUrl: bridge.url })
})
afterAll(async () => {
  await cms.close()
  await bridge.stop()
})
beforeEach(() => {
  bridge.received.length = 0
})

describe('a submitted video', () => {
  test('reaches the bridge once, with its brief and the colours of its project', async () => {
    const video = await cms.makeVideo({ stage: 'submitted' })
    await vi.waitFor(() => expect(bridge.types).toEqual(['video.submitted']), 3000)
    expect(bridge.received[0]?.event.data).toMatchObject({
      videoId: String(video.id),
      submission: 1,
      project: { name: 'Harbour tours' },
      brief: { title: 'Opening hours', palette: { background: '#14213d' } },
    })
  })

  test('is approved with its whole storyboard', async () => {
    const video = await cms.makeVideo({ stage: 'submitted' })
    const { body, status } = await cms.putStoryboard(storyboardWrite(video))
    expect(status).toBe(200)
    await cms.change('storyboards', body['id'], { decision: 'approved' })
    await vi.waitFor(
      () => expect(bridge.types).toEqual(['video.submitted', 'storyboard.approved']),
      3000,
    )
    expect(bridge.received[1]?.event.data).toMatchObject({ by: 'editor@example.org', revision: 1 })
  })
})
