import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkSizeAt, MAX_BATCH, planChunks } from '../packages/protocol/src/chunks.ts'
import { bodyName } from '../packages/server/src/adapters/fs/layout.ts'
import { benchFolder } from './support/cleanup.ts'
import { type Partway, startPartway } from './support/partway.ts'
import { median, type PartResult, progress } from './support/report.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30
const SIZES = [
  { name: '100 MiB', bytes: 100 * MiB },
  { name: '10 GiB', bytes: 10 * GiB },
]
const ROUNDS = 9
/** Chunks in the timed report: all of 100 MiB, and as many of 10 GiB, so that both carry the same. */
const LAST_BATCH = 20

/** The latency of the report that seals, for a small and a large upload. */
export async function complete(): Promise<PartResult> {
  await using folder = await benchFolder()
  await using partway = await startPartway(folder.path)
  const times = new Map(SIZES.map(({ name }) => [name, [] as number[]]))
  for (const { bytes } of SIZES) await timeLastReport(partway, bytes)
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`complete: round ${round} of ${ROUNDS}`)
    for (const { name, bytes } of SIZES) times.get(name)!.push(await timeLastReport(partway, bytes))
  }

  const small = median(times.get('100 MiB')!)
  const large = median(times.get('10 GiB')!)
  const ms = (value: number) => `${value.toFixed(1)} ms`
  return {
    title: 'complete: the last report',
    method: `Time of the report that proves the last ${LAST_BATCH} chunks and seals the upload, ${ROUNDS} alternating rounds after one to warm up. The chunk files are sparse and were put where PUTs leave them.`,
    header: ['upload', 'chunks', 'median', 'fastest', 'slowest'],
    rows: SIZES.map(({ name, bytes }) => {
      const all = times.get(name)!
      const chunks = `${planChunks(bytes).totalChunks}`
      return [name, chunks, ms(median(all)), ms(Math.min(...all)), ms(Math.max(...all))]
    }),
    targets: [
      { what: '10 GiB', target: '< 100 ms', measured: ms(large), met: large < 100 },
      {
        what: '10 GiB against 100 MiB',
        target: '<= 2x',
        measured: `${(large / small).toFixed(2)}x`,
        met: large <= 2 * small,
      },
    ],
  }
}

async function timeLastReport(partway: Partway, totalSize: number): Promise<number> {
  const { upload_id: id } = await partway.create(totalSize)
  const plan = planChunks(totalSize)
  const chunks = Array.from({ length: plan.totalChunks }, (_, i) => ({
    chunk_index: i + 1,
    chunk_size: chunkSizeAt(plan, i + 1),
    proof: createHash('sha256').update(`${i}`).digest('hex'),
  }))
  for (const { chunk_index, chunk_size, proof } of chunks) {
    const file = await open(join(partway.layout.upload(id), bodyName(chunk_index, proof)), 'wx')
    await file.truncate(chunk_size)
    await file.close()
  }
  const before = chunks.slice(0, -LAST_BATCH)
  for (let i = 0; i < before.length; i += MAX_BATCH) {
    await partway.report(id, before.slice(i, i + MAX_BATCH))
  }
  const start = performance.now()
  const { url } = await partway.report(id, chunks.slice(-LAST_BATCH))
  const milliseconds = performance.now() - start
  if (!url) throw new Error(`upload ${id} was not completed`)
  return milliseconds
}
