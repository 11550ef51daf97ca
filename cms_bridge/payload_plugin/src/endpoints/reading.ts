/**
 * The reading of a storyboard: what a free voice says in the animatic until its narrations are
 * made. The bridge has it read, at no cost; its timeline then has what can be heard.
 */
import type { Endpoint } from 'payload'

import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge } from './bridge.ts'
import { paths, type Reading, readingStates } from './contract.ts'
import { findEdited } from './edits.ts'
import { answer, bridgeProblem, bridgeUnavailable } from './responses.ts'

export function readingEndpoint(settings: Settings): Endpoint {
  return {
    method: 'post',
    path: paths.reading,
    handler: async (req) => {
      const edited = await findEdited(settings, req)
      if (edited instanceof Response) return edited
      const { job, storyboard } = edited
      const told = await askBridge(settings, `/jobs/${job}/readings`, { storyboard })
      if (!told) return bridgeUnavailable()
      const reading = toReading(told.body)
      return reading ? answer(reading) : bridgeProblem(told)
    },
  }
}

function toReading(body: unknown): null | Reading {
  if (!isRecord(body)) return null
  if (body.code === 'no_free_voice') return { state: 'silent', left: 0 }
  const state = readingStates.find((known) => known === body.state)
  return state && typeof body.left === 'number' ? { state, left: body.left } : null
}
