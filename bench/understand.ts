import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkOffset, chunkSizeAt, MAX_BATCH, planChunks } from '../packages/protocol/src/chunks.ts'
import { bodyName } from '../packages/server/src/adapters/fs/layout.ts'
import { makeLargeMp4 } from '../packages/server/test/support/media-large.ts'
import { benchFolder } from './support/cleanup.ts'
import { type Partway, startPartway } from './support/partway.ts'
import { type PartResult, progress } from './support/report.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30
const SIZE = 4 * GiB
const MINUTES = 30

/** What understanding a large file costs: bytes read of it, by each of the two readers. */
export async function understand(): Promise<PartResult> {
  await using folder = await benchFolder()
  const [film, large] = [join(folder.path, 'film.mp4'), join(folder.path, 'large.mp4')]
  progress(`understand: making a film of ${MINUTES} minutes`)
  makeFilm(film)
  await makeLargeMp4(film, large, SIZE)

  const runs = []
  for (const [reader, env] of [
    ['ffprobe and ffmpeg', {}],
    ['embedded', { PATH: '/nonexistent' }],
  ] as const) {
    progress(`understand: ${reader}`)
    await using partway = await startPartway(join(folder.path, reader.slice(0, 3)), env)
    runs.push({ reader, ...(await measure(partway, large)) })
  }
  const percent = (bytes: number) => `${((100 * bytes) / SIZE).toFixed(3)} %`
  return {
    title: 'understand: technical metadata of a 4 GiB MP4, moov last',
    method: `Bytes the server read from its store, its database and its sockets (rchar in /proc/<pid>/io) between the report that completes the upload and \`ready\`. The file is ${MINUTES} minutes of H.264 and AAC behind a hole; its chunks are sparse and were put where PUTs leave them.`,
    header: ['reader', 'read', 'of the file', 'until ready'],
    rows: runs.map(({ reader, read, milliseconds }) => [
      ...[reader, `${(read / MiB).toFixed(2)} MiB`, percent(read)],
      `${(milliseconds / 1000).toFixed(1)} s`,
    ]),
    targets: runs.map(({ reader, read }) => ({
      ...{ what: `read by ${reader}`, target: '< 1 %' },
      ...{ measured: percent(read), met: read < SIZE / 100 },
    })),
  }
}

/** A long film of small pictures: what counts is the size of its index. */
function makeFilm(path: string): void {
  const seconds = MINUTES * 60
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc=size=160x90:rate=25:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`, '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', '-b:a', '64k', path],
  ])
}

async function measure(partway: Partway, path: string) {
  const created = await partway.create(SIZE)
  const chunks = await plantChunks(partway, created.upload_id, path)
  const last = chunks.splice(-1)
  for (let i = 0; i < chunks.length; i += MAX_BATCH) {
    await partway.report(created.upload_id, chunks.slice(i, i + MAX_BATCH))
  }
  const before = partway.bytesRead()
  const start = performance.now()
  await partway.report(created.upload_id, last)
  const asset = await partway.processed(created.asset_id)
  const milliseconds = performance.now() - start
  const read = partway.bytesRead() - before
  if (asset.status !== 'ready' || asset.duration !== MINUTES * 60) {
    throw new Error(`the film was not understood: ${JSON.stringify(asset)}`)
  }
  return { read, milliseconds }
}

/** Cuts a sparse file into sparse chunk files. */
async function plantChunks(partway: Partway, id: string, path: string) {
  const plan = planChunks(SIZE)
  await using source = await open(path)
  const buffer = Buffer.alloc(plan.chunkSize)
  const nothing = Buffer.alloc(plan.chunkSize)
  const chunks = []
  for (let index = 1; index <= plan.totalChunks; index++) {
    const size = chunkSizeAt(plan, index)
    await source.read(buffer, 0, size, chunkOffset(plan, index))
    const bytes = buffer.subarray(0, size)
    const proof = createHash('sha256').update(`${index}`).digest('hex')
    await using file = await open(join(partway.layout.upload(id), bodyName(index, proof)), 'wx')
    if (bytes.equals(nothing.subarray(0, size))) await file.truncate(size)
    else await file.write(bytes)
    chunks.push({ chunk_index: index, chunk_size: size, proof })
  }
  return chunks
}
