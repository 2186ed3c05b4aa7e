/**
 * Does `work` for every item, at most `count` at once. After a failure nothing new is begun; what is
 * under way ends first, then the failure is thrown. The same when `signal` aborts, with its reason.
 */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  count: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = toAsync(items)
  let failure: { error: unknown } | undefined
  const worker = async () => {
    while (!failure) {
      try {
        signal.throwIfAborted()
        const { done, value } = await queue.next()
        if (done) return
        await work(value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: count }, worker))
  if (failure) throw failure.error
}

async function* toAsync<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* items
}

export type Budget = <T>(size: number, work: () => Promise<T>) => Promise<T>

/**
 * Runs pieces of work in the order in which they came, as many at once as fit: at most `count`, and
 * at most `bytes` in memory, unless one alone is larger.
 */
export function createBudget(count: number, bytes: number): Budget {
  const waiting: { size: number; go: () => void }[] = []
  let running = 0
  let used = 0

  function admit(): void {
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (running >= count || (running > 0 && used + next.size > bytes)) return
      waiting.shift()
      running += 1
      used += next.size
      next.go()
    }
  }

  return async (size, work) => {
    await new Promise<void>((go) => {
      waiting.push({ size, go })
      admit()
    })
    try {
      return await work()
    } finally {
      running -= 1
      used -= size
      admit()
    }
  }
}
