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
  return { loader, answer, fail }
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

  it('takes no answer that was overtaken, nor any after its end', async () => {
    const { loader, answer, fail } = byHand()
    loader.reload()
    loader.reload()
    await answer(1, 'new')
    await answer(0, 'old')
    expect(loader.state.value.data).toEqual(['new'])
    loader.reload()
    loader.reload()
    loader.stop()
    await answer(2, 'late')
    await fail(3, new Error('late'))
    expect(loader.state.value).toEqual({ data: ['new'] })
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
