import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chunkOffset,
  chunkSizeAt,
  MAX_CHUNKS,
  MAX_TOTAL_SIZE,
  MIN_CHUNK_SIZE,
  normalizeEtag,
  planChunks,
  sliceRange,
} from '../../src/chunks.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30

/** Sizes of every magnitude, the steps of the plan and their neighbours among them. */
const anySize = fc.oneof(
  fc.integer({ min: 1, max: MAX_TOTAL_SIZE }),
  fc
    .tuple(fc.integer({ min: 0, max: 42 }), fc.double({ min: 0.5, max: 1, noNaN: true }))
    .map(([power, share]) => Math.max(1, Math.floor(share * 2 ** power))),
  fc
    .tuple(
      fc.constantFrom(512 * MiB, 2 * GiB, 16 * GiB, 64 * GiB, 512 * GiB, 1024 * GiB),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([step, around]) => step + around),
)

describe('a chunk plan', () => {
  it('never has more chunks, smaller chunks or larger ones than S3 takes', () => {
    fc.assert(
      fc.property(anySize, (size) => {
        const { totalChunks, chunkSize, totalSize } = planChunks(size)
        expect(totalSize).toBe(size)
        expect(totalChunks).toBeGreaterThanOrEqual(1)
        expect(totalChunks).toBeLessThanOrEqual(MAX_CHUNKS)
        expect(chunkSize).toBeGreaterThanOrEqual(MIN_CHUNK_SIZE)
        expect(chunkSize).toBeLessThanOrEqual(5 * GiB)
        expect(chunkSize % MiB).toBe(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('has chunks that add up to the file, none of them empty', () => {
    fc.assert(
      fc.property(anySize, (size) => {
        const plan = planChunks(size)
        const last = chunkSizeAt(plan, plan.totalChunks)
        expect(last).toBeGreaterThanOrEqual(1)
        expect(last).toBeLessThanOrEqual(plan.chunkSize)
        expect(chunkOffset(plan, plan.totalChunks) + last).toBe(size)
        for (let index = 1; index < plan.totalChunks; index += 97) {
          expect(chunkSizeAt(plan, index)).toBe(plan.chunkSize)
          expect(chunkOffset(plan, index + 1)).toBe(chunkOffset(plan, index) + plan.chunkSize)
        }
      }),
    )
  })

  it('has chunks of 5 MiB up to 512 MiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 * MiB }), (size) => {
        expect(planChunks(size).chunkSize).toBe(5 * MiB)
      }),
    )
    expect(planChunks(512 * MiB).chunkSize).toBe(5 * MiB)
    expect(planChunks(512 * MiB + 1).chunkSize).toBeGreaterThan(5 * MiB)
  })

  it.each([
    [104_857_600, 20, 5 * MiB],
    [1, 1, 1],
    [5 * MiB, 1, 5 * MiB],
    [5 * MiB + 1, 2, 1],
  ])('cuts %d bytes into %d chunks, the last of %d', (size, totalChunks, last) => {
    const plan = planChunks(size)
    expect(plan.totalChunks).toBe(totalChunks)
    expect(chunkSizeAt(plan, totalChunks)).toBe(last)
  })

  it('reaches 5 TiB', () => {
    const plan = planChunks(MAX_TOTAL_SIZE)
    expect(MAX_TOTAL_SIZE).toBe(5 * 2 ** 40)
    expect(plan.totalChunks * plan.chunkSize).toBe(MAX_TOTAL_SIZE)
  })

  it('never has smaller chunks for a larger file', () => {
    fc.assert(
      fc.property(anySize, anySize, (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)]
        expect(planChunks(large).chunkSize).toBeGreaterThanOrEqual(planChunks(small).chunkSize)
      }),
    )
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_TOTAL_SIZE + 1])(
    'does not exist for %d bytes',
    (size) => {
      expect(() => planChunks(size)).toThrow(RangeError)
    },
  )
})

describe('the slices of a range', () => {
  const anyPlan = fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 500 }))
    .map(([chunkSize, totalSize]) => ({
      ...{ chunkSize, totalSize, totalChunks: Math.ceil(totalSize / chunkSize) },
    }))

  it('cover exactly the bytes of the range, in order, each within its chunk', () => {
    fc.assert(
      fc.property(anyPlan, fc.nat(), fc.nat(), (plan, a, b) => {
        const ends = [a % plan.totalSize, b % plan.totalSize]
        const [start, end] = [Math.min(...ends), Math.max(...ends)]
        let position = start
        for (const slice of sliceRange(plan, start, end)) {
          expect(chunkOffset(plan, slice.index) + slice.start).toBe(position)
          expect(slice.length).toBeGreaterThanOrEqual(1)
          expect(slice.start + slice.length).toBeLessThanOrEqual(chunkSizeAt(plan, slice.index))
          position += slice.length
        }
        expect(position).toBe(end + 1)
      }),
      { numRuns: 500 },
    )
  })

  it('are one per chunk that is touched', () => {
    const plan = planChunks(12 * MiB)
    expect([...sliceRange(plan, 5 * MiB - 1, 10 * MiB)]).toEqual([
      { index: 1, start: 5 * MiB - 1, length: 1 },
      { index: 2, start: 0, length: 5 * MiB },
      { index: 3, start: 0, length: 1 },
    ])
    expect([...sliceRange(plan, 0, 0)]).toEqual([{ index: 1, start: 0, length: 1 }])
  })

  it('stay exact at the end of the largest file', () => {
    const plan = planChunks(MAX_TOTAL_SIZE - 1)
    const last = MAX_TOTAL_SIZE - 2
    expect([...sliceRange(plan, last, last)]).toEqual([
      { index: plan.totalChunks, start: plan.chunkSize - 2, length: 1 },
    ])
  })
})

describe('an ETag', () => {
  const etag = 'd41d8cd98f00b204e9800998ecf8427e'

  it.each([
    etag,
    `"${etag}"`,
    `W/"${etag}"`,
    `w/"${etag}"`,
    `W/${etag}`,
    etag.toUpperCase(),
    ` "${etag}" `,
    `"${etag}`,
  ])('has one spelling for %j', (text) => {
    expect(normalizeEtag(text)).toBe(etag)
  })

  it('keeps the part count of a multipart object', () => {
    expect(normalizeEtag(`"${etag}-12"`)).toBe(`${etag}-12`)
  })

  it('stays as it is once it is normalised', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(W\/)?"?[0-9a-fA-F]{0,64}(-\d{1,5})?"?$/), (text) => {
        const once = normalizeEtag(text)
        expect(normalizeEtag(once)).toBe(once)
      }),
    )
  })
})
