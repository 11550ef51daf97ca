/**
 * What of an error may stand in a log and before an editor: its kind and its code.
 *
 * Its text may be what it was about: a query with its parameters, an address
 * with a password in it.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const { cause } = error
  const deepest = cause instanceof Error ? cause : error
  const { code, syscall } = deepest as { code?: unknown; syscall?: unknown } & Error
  const reason = [syscall, code].filter((part) => typeof part === 'string').join(' ')
  return reason || deepest.name
}
