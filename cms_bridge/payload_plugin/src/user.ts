/** Who acts, as events and the service's ledger name them. */

/** Return who acts: the e-mail address, or what the host's user collection has instead. */
export function userName(user: null | { email?: unknown; username?: unknown } | undefined): string {
  const name = user?.email ?? user?.username
  return typeof name === 'string' ? name.slice(0, 200) : ''
}
