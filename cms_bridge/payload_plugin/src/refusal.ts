/** What the plugin has against a save, in words that reach whoever saves. */
import { APIError } from 'payload'

/**
 * A refusal with its sentence. Named by itself: Payload answers with the sentence of an error that
 * has a name and takes it from the class, whose name is lost where a build for production shortens
 * names; the editor then reads "An unknown error occurred."
 */
export class Refusal extends APIError {
  constructor(message: string) {
    super(message, 409, null, true)
    this.name = 'Refusal'
  }
}
