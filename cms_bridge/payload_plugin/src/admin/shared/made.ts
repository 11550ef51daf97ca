/** What a project has made by itself, waited for. */
import type { Id } from '../../documents.ts'
import type { Problem } from '../../generated/events.ts'
import type { useEndpoints } from './api.ts'

/** How often it is looked for, and how long between: longer than a model may take. */
const mostLooks = 180
const lookEvery = 1000

/** Return null once it is there, else what became of it; nobody waits for what is `gone`. */
export async function untilMade(
  ask: ReturnType<typeof useEndpoints>,
  project: Id,
  asset: string,
  gone: () => boolean,
): Promise<null | Problem> {
  for (let look = 0; look < mostLooks && !gone(); look++) {
    const told = await ask('made', { params: { id: project, asset } })
    if (told.ok && told.answer.state === 'ready') return null
    const problem = told.ok ? told.answer.problem : told.problem
    if (problem || !told.ok) return problem ?? { code: '', message: '', params: {} }
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
  return { code: 'generation_unavailable', message: '', params: {} }
}
