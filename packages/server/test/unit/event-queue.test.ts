import { describe, expect, it } from 'vitest'
import { createEventQueue } from '../../src/core/event-queue.ts'

const change = (id: string, at: number) => ({ kind: 'upload' as const, id, at })

describe('the queue of a stream', () => {
  it('gives changes in the order they came', async () => {
    const queue = createEventQueue(10)
    queue.put(change('a', 1), 100)
    queue.put(change('b', 2), 101)
    expect(await queue.next()).toEqual({ kind: 'change', change: change('a', 1), resumeAt: 100 })
    expect(await queue.next()).toEqual({ kind: 'change', change: change('b', 2), resumeAt: 101 })
  })

  it('keeps a resource once, at the place of its last change', async () => {
    const queue = createEventQueue(10)
    queue.put(change('a', 1), 100)
    queue.put(change('b', 2), 100)
    queue.put(change('a', 3), 200)
    expect(await queue.next()).toMatchObject({ change: change('b', 2) })
    expect(await queue.next()).toMatchObject({ change: change('a', 3), resumeAt: 200 })
  })

  it('gives one overflow for all that waits when it is too much, and then what comes later', async () => {
    const queue = createEventQueue(3)
    for (let i = 0; i < 10; i++) queue.put(change(`id ${i}`, i), 0)
    expect(await queue.next()).toEqual({ kind: 'overflow' })
    queue.put(change('later', 99), 0)
    expect(await queue.next()).toMatchObject({ change: { id: 'later' } })
  })

  it('is not too full with many changes of few resources', async () => {
    const queue = createEventQueue(3)
    for (let i = 0; i < 1000; i++) queue.put(change(`id ${i % 3}`, i), 0)
    expect(await queue.next()).toMatchObject({ change: { at: 997 } })
  })

  it('wakes whoever waits, for a change and for a beat', async () => {
    const queue = createEventQueue(3)
    const first = queue.next()
    queue.put(change('a', 1), 0)
    expect(await first).toMatchObject({ kind: 'change' })
    const second = queue.next()
    queue.beat()
    expect(await second).toEqual({ kind: 'beat' })
  })

  it('gives several beats that nobody fetched as one, and after what is more important', async () => {
    const queue = createEventQueue(3)
    queue.beat()
    queue.beat()
    queue.put(change('a', 1), 0)
    expect(await queue.next()).toMatchObject({ kind: 'change' })
    expect(await queue.next()).toEqual({ kind: 'beat' })
    queue.put(change('b', 1), 0)
    expect(await queue.next()).toMatchObject({ kind: 'change' })
  })

  it('ends for whoever waits and whoever comes later, whatever else waits', async () => {
    const queue = createEventQueue(3)
    const waiting = queue.next()
    queue.end()
    queue.put(change('a', 1), 0)
    expect(await waiting).toBeUndefined()
    expect(await queue.next()).toBeUndefined()
    expect(queue.isEnded()).toBe(true)
  })
})
