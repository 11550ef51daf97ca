/** What a project has spent, against its cap. */
import type { Endpoint } from 'payload'

import { type ProjectDoc, serviceIdOf } from '../documents.ts'
import { isRecord } from '../json.ts'
import type { Settings } from '../settings.ts'
import { askBridge } from './bridge.ts'
import { paths, type Spending } from './contract.ts'
import { findReadable } from './readable.ts'
import { answer, bridgeProblem, bridgeUnavailable, problem } from './responses.ts'

const none: Spending = {
  ...{ spent: '0', cap: null, monthSpent: null, monthCap: null },
  lostAtMost: '0',
}

export function spendingEndpoint(settings: Settings): Endpoint {
  return {
    method: 'get',
    path: paths.spending,
    handler: async (req) => {
      const project = await findReadable<ProjectDoc>(req, settings.slugs.projects)
      if (!project) return problem(404, 'Not found', 'There is no such project.')
      const name = encodeURIComponent(serviceIdOf(project))
      const told = await askBridge(settings, `/projects/${name}/spending`)
      if (!told) return bridgeUnavailable()
      // The service hears of a project with the first of its videos that is submitted.
      if (told.status === 404) return answer(none)
      const seesAll = (await settings.access.projects({ req })) === 'all'
      const spending = told.status === 200 ? toSpending(told.body, seesAll) : null
      return spending ? answer(spending) : bridgeProblem(told)
    },
  }
}

function toSpending(body: unknown, seesAll: boolean): null | Spending {
  if (!isRecord(body) || typeof body.spent !== 'string') return null
  const text = (value: unknown): null | string => (typeof value === 'string' ? value : null)
  return {
    spent: body.spent,
    cap: text(body.cap),
    monthSpent: seesAll ? text(body.monthSpent) : null,
    monthCap: seesAll ? text(body.monthCap) : null,
    // Without a price up to which a call may count as paid, none does.
    lostAtMost: Number(body.lostCall) > 0 ? (text(body.lostVideo) ?? '0') : '0',
  }
}
