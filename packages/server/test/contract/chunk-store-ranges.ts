import fc from 'fast-check'
import { expect, it } from 'vitest'
import { begun, collect, fileOf, putAll, type Store } from './bodies.ts'

export function rangeSentences(store: () => Store): void {
  const sealed = async (totalSize: number, chunkSize: number) => {
    const upload = await begun(store(), totalSize, chunkSize)
    const { ref } = await store().seal(upload, await putAll(store(), upload))
    return { ref, file: fileOf(upload) }
  }

  it('reads any range of an object as the slice of the file it is', async () => {
    const size = 12 * 97 + 13
    const { ref, file } = await sealed(size, 97)
    const point = fc.nat(size - 1)
    await fc.assert(
      fc.asyncProperty(point, point, async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        expect(await collect(store().open(ref, { start, end }))).toEqual(
          file.subarray(start, end + 1),
        )
      }),
      {
        numRuns: 150,
        examples: [[0, 0], [size - 1, size - 1], [0, size - 1], [96, 97], [97, 193]], // biome-ignore format: pairs
      },
    )
  })

  it('reads any range whatever the plan', async () => {
    const plan = fc
      .record({
        chunkSize: fc.integer({ min: 1, max: 300 }),
        chunks: fc.integer({ min: 1, max: 8 }),
      })
      .chain(({ chunkSize, chunks }) =>
        fc.record({
          chunkSize: fc.constant(chunkSize),
          size: fc.integer({ min: (chunks - 1) * chunkSize + 1, max: chunks * chunkSize }),
        }),
      )
    await fc.assert(
      fc.asyncProperty(plan, fc.nat(), fc.nat(), async ({ chunkSize, size }, from, length) => {
        const { ref, file } = await sealed(size, chunkSize)
        const start = from % size
        const end = start + (length % (size - start))
        expect(await collect(store().open(ref, { start, end }))).toEqual(
          file.subarray(start, end + 1),
        )
      }),
      { numRuns: 15 },
    )
  })

  it('lets a reader stop early and others read at the same time', async () => {
    const { ref, file } = await sealed(3 * 2 ** 18, 2 ** 18)
    const range = { start: 10, end: file.byteLength - 1 }
    const reading = Promise.all([1, 2, 3].map(() => collect(store().open(ref, range))))
    for await (const piece of store().open(ref, range)) {
      expect(piece.byteLength).toBeGreaterThan(0)
      break
    }
    for (const bytes of await reading) expect(bytes.equals(file.subarray(10))).toBe(true)
  })

  it('fails for an object that does not exist', async () => {
    const ref = 'f'.repeat(24)
    await expect(collect(store().open(ref, { start: 0, end: 0 }))).rejects.toThrow()
  })
}
