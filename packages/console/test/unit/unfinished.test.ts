import { describe, expect, it } from 'vitest'
import { findUnfinished, type Unfinished, unfinishedId } from '../../src/lib/unfinished.ts'

const wishes = { enableHls: false, enableThumbnail: true }
const begun = (change: Partial<Unfinished>): Unfinished => ({
  ...{ name: 'film.mp4', size: 9, modified: 5, wishes, uploadId: 'u', at: 1 },
  ...change,
})

describe('files that were begun before', () => {
  it('are found again by name, size and time of change', () => {
    const all = [begun({}), begun({ size: 8, uploadId: 'other' })]
    expect(findUnfinished(all, { name: 'film.mp4', size: 9, modified: 5 })?.uploadId).toBe('u')
    for (const change of [{ name: 'x.mp4' }, { size: 7 }, { modified: 6 }]) {
      expect(
        findUnfinished(all, { name: 'film.mp4', size: 9, modified: 5, ...change }),
      ).toBeUndefined()
    }
  })

  it('are found when they come without their folder, and with it first of all', () => {
    const all = [
      begun({ name: 'a/film.mp4', uploadId: 'a', at: 2 }),
      begun({ name: 'b/film.mp4', uploadId: 'b', at: 3 }),
    ]
    expect(findUnfinished(all, { name: 'film.mp4', size: 9, modified: 5 })?.uploadId).toBe('b')
    expect(findUnfinished(all, { name: 'a/film.mp4', size: 9, modified: 5 })?.uploadId).toBe('a')
  })

  it('are other uploads with other wishes', () => {
    const ids = [
      begun({}),
      begun({ uploadId: 'v', at: 7 }),
      begun({ wishes: { ...wishes, enableHls: true } }),
    ]
    const [a, b, c] = ids.map(unfinishedId)
    expect(a).toBe(b)
    expect(a).not.toBe(c)
  })
})
