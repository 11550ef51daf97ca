/** Starts Payload with the server and not with the first visitor, so that the outbox is served. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const [{ getPayload }, { default: config }] = await Promise.all([
    import('payload'),
    import('./payload.config.ts'),
  ])
  await getPayload({ config, cron: true })
}
