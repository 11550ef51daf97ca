/** The first user of the dev app, made at the first start if the environment names one. */
import type { Payload } from 'payload'

import { environment } from './environment.ts'

export async function seedUser(payload: Payload): Promise<void> {
  const { userEmail: email, userPassword: password } = environment
  if (!email || !password) return
  const { totalDocs } = await payload.count({ collection: 'users' })
  if (totalDocs > 0) return
  await payload.create({ collection: 'users', data: { email, password } })
}
