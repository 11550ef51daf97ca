/** The board: what there is of each scene, and where its media are. */
import type { Endpoint } from 'payload'

import { parseJson } from '../json.ts'
import type { Settings } from '../settings.ts'
import type { StoryboardDoc } from '../documents.ts'
import { askText } from './bridge.ts'
import { paths } from './contract.ts'
import { sealedPath } from './media.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'
import { toBoard } from './timeline.ts'

export function boardEndpoint(settings: Settings): Endpoint {
  return {
    method: 'get',
    path: paths.board,
    handler: async (req) => {
      const storyboard = await findReadable<StoryboardDoc>(req, settings.slugs.storyboards)
      if (!storyboard) return problem(404, 'Not found', 'There is no such storyboard.')
      const { cast, id, jobId } = storyboard
      const told = await askText(settings, `/jobs/${encodeURIComponent(jobId)}/timeline`)
      if (!told) return bridgeUnavailable()
      const body = parseJson(told.text)
      const board = toBoard(body, (contentUrl) => sealedPath(req, id, contentUrl), cast ?? [])
      const { status } = told
      return status === 200 && board ? answer(board) : bridgeProblem({ status, body })
    },
  }
}
