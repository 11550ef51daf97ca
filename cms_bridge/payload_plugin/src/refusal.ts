/** What the plugin has against a save, in words that reach whoever saves. */
import { APIError, Forbidden, type PayloadRequest } from 'payload'

/** What stands for a colon: Payload's toast makes a list of all that comes behind a real one. */
const ratio = '\u2236'

/**
 * A refusal with its sentence. Named by itself: Payload answers with the sentence of an error that
 * has a name and takes it from the class, whose name is lost where a build for production shortens
 * names; the editor then reads "An unknown error occurred."
 */
export class Refusal extends APIError {
  constructor(message: string) {
    super(message.replaceAll(':', ratio), 409, null, true)
    this.name = 'Refusal'
  }
}

/** Return Payload's own refusal of what somebody has no right to, with a name for the same reason. */
export function forbidden({ t }: PayloadRequest): Forbidden {
  const error = new Forbidden(t)
  error.name = 'Forbidden'
  return error
}
