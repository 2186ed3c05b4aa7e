import { describe, expect, it } from 'vitest'
import { sharesOf } from '../../src/cli/upload/shares.ts'
import { createSlots } from '../../src/cli/upload/slots.ts'

describe('the chunks under way of files that are sent at once', () => {
  it.each([
    [3, 5, [2, 1]],
    [64, 2, [32, 32]],
    [1, 2, [1]],
    [7, 1, [7]],
    [7, 0, [7]],
    ['auto', 2, ['auto', 'auto']],
  ] as const)('of %s in all for %i files are %j', (concurrency, count, shares) => {
    expect(sharesOf({ concurrency }, count)).toEqual(shares)
  })

  it('are all of one file where the rate is limited', () => {
    expect(sharesOf({ concurrency: 5, limitRate: 1 }, 3)).toEqual([5])
  })
})

describe('slots', () => {
  it('are each held by one piece of work, and handed on in the order it came', async () => {
    const run = createSlots(2)
    const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
    const began: [work: number, slot: number][] = []
    const all = ends.map(({ promise }, work) =>
      run((slot) => {
        began.push([work, slot])
        return promise
      }),
    )

    ends[1]!.resolve()
    await all[1]
    ends[0]!.resolve()
    await all[0]
    for (const { resolve } of ends) resolve()
    await Promise.all(all)

    expect(began).toEqual([
      ...[
        [0, 0],
        [1, 1],
        [2, 1],
        [3, 0],
      ],
    ])
  })
})
