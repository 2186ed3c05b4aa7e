import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, peek } from '../../src/core/bytes.ts'
import { collect } from '../contract/bodies.ts'

/** Bodies in pieces of any sizes, empty ones among them. */
const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
const sizes = fc.integer({ min: 1, max: 60 })

/** A body that tells how it was left. */
function watched(pieces: Uint8Array[], error?: Error) {
  const state = { taken: 0, ended: false, returned: 0 }
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = pieces[state.taken]
        if (value) {
          state.taken++
          return { done: false, value }
        }
        if (error) throw error
        state.ended = true
        return { done: true, value: undefined }
      },
      async return() {
        state.returned++
        return { done: true, value: undefined }
      },
    }),
  }
  return { body, state }
}

describe('cut', () => {
  it('gives bodies of one size, in order and whole, and none that is empty', async () => {
    const property = fc.asyncProperty(bodies, sizes, async (pieces, size) => {
      const { body, state } = watched(pieces)
      const parts: Buffer[] = []
      for await (const part of cut(body, size)) parts.push(await collect(part))
      const all = Buffer.concat(pieces)
      expect(Buffer.concat(parts)).toEqual(all)
      expect(parts).toHaveLength(Math.ceil(all.byteLength / size))
      for (const part of parts.slice(0, -1)) expect(part.byteLength).toBe(size)
      expect(parts.at(-1)?.byteLength).not.toBe(0)
      expect(state).toEqual({ taken: pieces.length, ended: true, returned: 0 })
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it('gives the body back, once, when it is left after any body', async () => {
    const property = fc.asyncProperty(bodies, sizes, fc.nat(5), async (pieces, size, most) => {
      const { body, state } = watched(pieces)
      let seen = 0
      for await (const part of cut(body, size)) {
        await collect(part)
        if (seen++ === most) break
      }
      expect(state.returned).toBe(state.ended ? 0 : 1)
      expect(state.ended || seen === most + 1).toBe(true)
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it('gives the body back when it is left within a body', async () => {
    const { body, state } = watched([new Uint8Array(10), new Uint8Array(10)])
    const leave = async () => {
      for await (const part of cut(body, 15)) {
        for await (const _ of part) throw new Error('no room')
      }
    }
    await expect(leave()).rejects.toThrow('no room')
    expect(state).toEqual({ taken: 1, ended: false, returned: 1 })
  })

  it('takes no more than it gives', async () => {
    const { body, state } = watched([new Uint8Array(10), new Uint8Array(10), new Uint8Array(10)])
    for await (const part of cut(body, 10)) {
      await collect(part)
      break
    }
    expect(state.taken).toBe(1)
  })

  it('passes on what breaks the body', async () => {
    const { body } = watched([new Uint8Array(10)], new Error('it broke'))
    const parts = cut(body, 100)[Symbol.asyncIterator]()
    const { value } = await parts.next()
    await expect(collect(value!)).rejects.toThrow('it broke')
  })
})

describe('peek', () => {
  it('shows the beginning, and gives the whole body all the same', async () => {
    const property = fc.asyncProperty(bodies, sizes, async (pieces, size) => {
      const { body, state } = watched(pieces)
      const peeked = await peek(body, size)
      const all = Buffer.concat(pieces)
      expect(Buffer.from(peeked.head)).toEqual(all.subarray(0, size))
      // Not one piece more than needed.
      const { taken } = state
      if (taken > 0 && !state.ended) {
        expect(Buffer.concat(pieces.slice(0, taken - 1)).byteLength).toBeLessThan(size)
      }
      expect(await collect(peeked.body)).toEqual(all)
      expect(state).toEqual({ taken: pieces.length, ended: true, returned: 0 })
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it('gives the body back, once, when it is left after any piece', async () => {
    const property = fc.asyncProperty(bodies, sizes, fc.nat(5), async (pieces, size, most) => {
      const { body, state } = watched(pieces)
      let seen = 0
      for await (const _ of (await peek(body, size)).body) {
        if (seen++ === most) break
      }
      expect(state.returned).toBe(state.ended ? 0 : 1)
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it('keeps a head of its own, which outlives the pieces', async () => {
    const piece = Uint8Array.from([1, 2, 3])
    const { head } = await peek(watched([piece]).body, 2)
    piece.fill(9)
    expect([...head]).toEqual([1, 2])
  })

  it('passes on what breaks the body', async () => {
    const error = new Error('it broke')
    await expect(peek(watched([new Uint8Array(3)], error).body, 4)).rejects.toBe(error)
    const { body } = await peek(watched([new Uint8Array(3)], error).body, 3)
    await expect(collect(body)).rejects.toBe(error)
  })
})
