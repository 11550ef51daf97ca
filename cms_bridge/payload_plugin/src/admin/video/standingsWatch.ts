/** The cells of a list that change by themselves, asked for together: one question for the page. */
import type { Standing, Standings } from '../../endpoints/contract.ts'

type Ask = (ids: string[]) => Promise<Standings>
type Tell = (standing: Standing) => void

/** The server answers for no more at once. */
const mostAtOnce = 100

/** Asks how videos stand, one question at a time, at most so often and only while somebody looks. */
export class StandingsWatch {
  readonly #everyMs: number
  readonly #isHidden: () => boolean
  readonly #cells = new Map<Tell, string>()
  #ask: Ask | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isAsking = false

  constructor(everyMs: number, isHidden: () => boolean) {
    this.#everyMs = everyMs
    this.#isHidden = isHidden
  }

  /** Tell a cell how its video stands, again and again, until the function that is returned is called. */
  add(id: string, tell: Tell, ask: Ask): () => void {
    this.#cells.set(tell, id)
    this.#ask = ask
    this.#wait()
    return () => {
      this.#cells.delete(tell)
      if (this.#cells.size > 0) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  #wait(): void {
    if (this.#isAsking) return
    this.#timer ??= setTimeout(() => void this.#look(), this.#everyMs)
  }

  async #look(): Promise<void> {
    this.#timer = undefined
    this.#isAsking = true
    const ids = [...new Set(this.#cells.values())].slice(0, mostAtOnce)
    if (this.#ask && !this.#isHidden()) {
      // A server that is away is asked again; what the cells say stands until then.
      const standings = await this.#ask(ids).catch((): Standings => ({}))
      for (const [tell, id] of this.#cells) {
        const standing = standings[id]
        if (standing) tell(standing)
      }
    }
    this.#isAsking = false
    if (this.#cells.size > 0) this.#wait()
  }
}
