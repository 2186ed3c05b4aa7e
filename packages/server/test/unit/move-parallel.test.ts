import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBudget, inParallel } from '../../src/server/move/parallel.ts'
import { NEVER } from '../support/fakes.ts'

describe('inParallel', () => {
  it('does everything once, as many at once as it may', async () => {
    const done: number[] = []
    let running = 0
    let most = 0
    await inParallel([1, 2, 3, 4, 5], 2, NEVER, async (n) => {
      most = Math.max(most, ++running)
      await turn()
      running -= 1
      done.push(n)
    })
    expect(done).toEqual([1, 2, 3, 4, 5])
    expect(most).toBe(2)
  })

  it('begins nothing after a failure, ends what is under way, and throws the first one', async () => {
    const ended: number[] = []
    const work = async (n: number) => {
      if (n === 2) throw new Error('two')
      await turn()
      ended.push(n)
    }
    await expect(inParallel([1, 2, 3, 4], 2, NEVER, work)).rejects.toThrow('two')
    expect(ended).toEqual([1])
  })

  it('stops with the reason of its signal', async () => {
    const stop = new AbortController()
    const begun: number[] = []
    const work = async (n: number) => {
      begun.push(n)
      stop.abort(new Error('enough'))
    }
    await expect(inParallel([1, 2, 3], 1, stop.signal, work)).rejects.toThrow('enough')
    expect(begun).toEqual([1])
  })
})

describe('a budget', () => {
  /** Begins work of these sizes; answers with how many run at once before any of it ends. */
  async function runningOf(sizes: number[], count: number, bytes: number) {
    const budget = createBudget(count, bytes)
    const gate = Promise.withResolvers<void>()
    let running = 0
    const all = sizes.map((size) =>
      budget(size, async () => {
        running += 1
        await gate.promise
      }),
    )
    await turn()
    const before = running
    gate.resolve()
    await Promise.all(all)
    expect(running).toBe(sizes.length)
    return before
  }

  it('lets as many in as there are places', async () => {
    expect(await runningOf([1, 1, 1, 1], 3, 100)).toBe(3)
  })

  it('lets as many in as fit into the memory', async () => {
    expect(await runningOf([40, 40, 40], 8, 100)).toBe(2)
  })

  it('lets in alone what is larger than the memory', async () => {
    expect(await runningOf([500, 1], 8, 100)).toBe(1)
  })

  it('gives a place back when the work fails', async () => {
    const budget = createBudget(1, 100)
    await expect(budget(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await budget(1, async () => 'next')).toBe('next')
  })
})
