/** What a test waits for has half a minute: `vi.waitFor` gives one second, too short on a busy machine. */
import { vi } from 'vitest'

const { waitFor } = vi

vi.waitFor = (check, options) => {
  const interval = typeof options === 'object' ? options.interval : undefined
  return waitFor(check, { interval: interval ?? 25, timeout: 30_000 })
}
