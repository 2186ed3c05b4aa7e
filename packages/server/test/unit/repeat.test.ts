import { describe, expect, it } from 'vitest'
import { repeating } from '../../src/adapters/sql/repeat.ts'

/** Fails as often as it is told, and then answers. */
function createCall(failures: number) {
  const waits: number[] = []
  let calls = 0
  return {
    waits,
    calls: () => calls,
    run: (isRepeatable = true, random = 0.5) =>
      repeating(
        async () => {
          calls++
          if (calls <= failures) throw new Error(`failure ${calls}`)
          return 'done'
        },
        {
          isRepeatable: () => isRepeatable,
          wait: async (ms) => waits.push(ms),
          random: () => random,
        },
      ),
  }
}

describe('repeating', () => {
  it('calls once what works', async () => {
    const call = createCall(0)
    expect(await call.run()).toBe('done')
    expect([call.calls(), call.waits]).toEqual([1, []])
  })

  it('waits longer each time until it works', async () => {
    const call = createCall(4)
    expect(await call.run()).toBe('done')
    expect(call.waits).toEqual([20, 60, 200, 600])
  })

  it('waits at random, by half more or less', async () => {
    const [short, long] = [createCall(1), createCall(1)]
    await short.run(true, 0)
    await long.run(true, 1)
    expect([short.waits, long.waits]).toEqual([[10], [30]])
  })

  it('gives up after five calls, with the last error', async () => {
    const call = createCall(9)
    await expect(call.run()).rejects.toThrow('failure 5')
    expect(call.calls()).toBe(5)
  })

  it('does not repeat what may not be repeated', async () => {
    const call = createCall(1)
    await expect(call.run(false)).rejects.toThrow('failure 1')
    expect([call.calls(), call.waits]).toEqual([1, []])
  })
})
