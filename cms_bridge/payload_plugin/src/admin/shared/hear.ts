/** A voice's sample, heard by a link that ends: a page may stay open for longer. */

export interface Sources {
  /** The link that is known; it may have ended. */
  known: null | string
  /** Have a sample made, or found, where no link is known yet. */
  find: () => Promise<null | string>
  /** Look up the link of what was there already, which costs nothing. */
  renew: () => Promise<null | string>
  /** Begin to play; rejects where the link leads to nothing that can be heard. */
  play: (url: string) => Promise<void>
}

/** Play a sample and return its link; one that does not play is looked up anew, and once. */
export async function hear({ find, known, play, renew }: Sources): Promise<string> {
  const playAt = async (url: null | string): Promise<string> => {
    if (!url) throw new Error('There is nothing to hear.')
    await play(url)
    return url
  }
  if (!known) return playAt(await find())
  try {
    return await playAt(known)
  } catch {
    return playAt(await renew())
  }
}
