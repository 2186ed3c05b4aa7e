/**
 * Asks with `ping` whether all is there, and rejects when there is no answer after `limitMs`. Whoever comes
 * while it is being asked waits for the same answer, so that what hangs is not asked ever more often.
 */
export function createReadiness(
  ping: () => Promise<unknown>,
  limitMs: number,
): () => Promise<void> {
  let asking: Promise<unknown> | undefined

  return async () => {
    asking ??= ping().finally(() => {
      asking = undefined
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`no answer within ${limitMs} ms`)
      timer = setTimeout(() => reject(error), limitMs)
    })
    try {
      await Promise.race([asking, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
