import { describe, expect, it } from 'vitest'
import { identityKey, matchingUnfinished, type Unfinished } from '../../src/lib/unfinished.ts'

const wishes = { enableHls: false, enableThumbnail: true }
const begun = (change: Partial<Unfinished>): Unfinished => ({
  ...{ name: 'film.mp4', size: 9, modified: 5, wishes, uploadId: 'u', at: 1 },
  ...change,
})
const film = { name: 'film.mp4', size: 9, modified: 5 }
const idsOf = (all: Unfinished[], change: Partial<Unfinished>) =>
  matchingUnfinished(all, { ...film, ...change }).map(({ uploadId }) => uploadId)

describe('files that were begun before', () => {
  it('are found again by name, size and time of change, the latest first', () => {
    const all = [begun({}), begun({ size: 8, uploadId: 'other' }), begun({ uploadId: 'v', at: 2 })]
    expect(idsOf(all, {})).toEqual(['v', 'u'])
    for (const change of [{ name: 'x.mp4' }, { size: 7 }, { modified: 6 }]) {
      expect(idsOf(all, change)).toEqual([])
    }
  })

  it('are found when they come without their folder, without one before first of all', () => {
    const all = [
      begun({ name: 'a/film.mp4', uploadId: 'a', at: 2 }),
      begun({ name: 'b/film.mp4', uploadId: 'b', at: 3 }),
      begun({ uploadId: 'bare', at: 1 }),
    ]
    expect(idsOf(all, {})).toEqual(['bare', 'b', 'a'])
  })

  it('are not those of the same name in another folder', () => {
    const all = [
      begun({ name: 'a/film.mp4', uploadId: 'a', at: 2 }),
      begun({ uploadId: 'bare', at: 1 }),
    ]
    expect(idsOf(all, { name: 'a/film.mp4' })).toEqual(['a'])
    expect(idsOf(all, { name: 'b/film.mp4' })).toEqual([])
  })

  it('are the same file whatever was wanted of it', () => {
    const [a, b] = [begun({}), begun({ wishes: { ...wishes, enableHls: true }, uploadId: 'v' })]
    expect(identityKey(a)).toBe(identityKey(b))
    expect(identityKey(a)).not.toBe(identityKey(begun({ modified: 6 })))
  })
})
