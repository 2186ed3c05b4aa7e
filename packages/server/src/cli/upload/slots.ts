/** Runs at most `count` pieces of work at once, in the order in which they came; each has a slot, from 0. */
export function createSlots(count: number) {
  const waiting: ((slot: number) => void)[] = []
  const free = Array.from({ length: count }, (_, slot) => slot)

  return async <T>(work: (slot: number) => Promise<T>): Promise<T> => {
    const slot = free.shift() ?? (await new Promise<number>((resolve) => waiting.push(resolve)))
    try {
      return await work(slot)
    } finally {
      const next = waiting.shift()
      if (next) next(slot)
      else free.push(slot)
    }
  }
}
