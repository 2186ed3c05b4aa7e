import { describe, expect, it } from 'vitest'
import { createLoader } from '../../src/api/loader.ts'

type Answer = PromiseWithResolvers<string[]>

/** A loader whose answers are given by hand. */
function byHand() {
  const asked: Answer[] = []
  const loader = createLoader(() => {
    const answer: Answer = Promise.withResolvers()
    asked.push(answer)
    return answer.promise
  })
  const answer = async (turn: number, ...data: string[]) => {
    asked[turn]!.resolve(data)
    await asked[turn]!.promise
  }
  const fail = async (turn: number, error: Error) => {
    asked[turn]!.reject(error)
    await asked[turn]!.promise.catch(() => {})
  }
  return { loader, answer, fail, asked }
}

const add = (name: string) => (names: string[]) => [...names.filter((n) => n !== name), name]

describe('a loader', () => {
  it('keeps what is told while it loads, also for the first time', async () => {
    const { loader, answer } = byHand()
    loader.reload()
    loader.change(add('b'))
    expect(loader.state.value).toEqual({})
    await answer(0, 'a')
    expect(loader.state.value).toEqual({ data: ['a', 'b'] })
    loader.reload()
    loader.change(add('c'))
    expect(loader.state.value.data).toEqual(['a', 'b', 'c'])
    await answer(1, 'a', 'b')
    expect(loader.state.value.data).toEqual(['a', 'b', 'c'])
  })

  it('believes the next answer about everything that was told before it was asked for', async () => {
    const { loader, answer } = byHand()
    loader.reload()
    loader.change(add('b'))
    await answer(0, 'a')
    loader.change(add('c'))
    loader.reload()
    await answer(1, 'a')
    expect(loader.state.value.data).toEqual(['a'])
  })

  it('asks again once the answer has come, however often it is to, and shows each', async () => {
    const { loader, answer, asked } = byHand()
    for (let i = 0; i < 5; i++) loader.reload()
    expect(asked).toHaveLength(1)
    await answer(0, 'first')
    expect(loader.state.value.data).toEqual(['first'])
    expect(asked).toHaveLength(2)
    await answer(1, 'second')
    expect(loader.state.value.data).toEqual(['second'])
    expect(asked).toHaveLength(2)
  })

  it('takes no answer after its end, and asks no more', async () => {
    const { loader, answer, asked } = byHand()
    loader.reload()
    loader.reload()
    loader.stop()
    await answer(0, 'late')
    expect(loader.state.value).toEqual({})
    expect(asked).toHaveLength(1)
  })

  it('keeps what it has when loading fails, and says why', async () => {
    const { loader, answer, fail } = byHand()
    const error = new Error('no network')
    loader.reload()
    await answer(0, 'a')
    loader.reload()
    await fail(1, error)
    loader.change(add('b'))
    expect(loader.state.value).toEqual({ data: ['a', 'b'], error })
    loader.reload()
    await answer(2, 'a')
    expect(loader.state.value).toEqual({ data: ['a'] })
  })
})
