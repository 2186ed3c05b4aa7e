import type { CreateUploadResponse } from '@partway/protocol'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { createWorld, listen, type Method } from './http-world.ts'
import { chunksOf, type Proof, proofOf } from './program-api.ts'
import { s3Options } from './s3.ts'
import { putTo } from './s3-put.ts'

const ROOT = '/assets/multipart-uploads'

/** The application on a bucket of its own; what is not the store is in memory. */
export async function createS3World(env: Record<string, string> = {}) {
  const options = await s3Options()
  const store = openS3Store(options)
  const world = await createWorld({
    env,
    ports: () => ({ store, sink: undefined, clock: Date.now }),
  })
  const { origin } = await listen(world)

  async function json(method: Method, path: string, body?: unknown) {
    const response = await world.call(method, path, {
      body,
      headers: { host: new URL(origin).host },
    })
    return { status: response.statusCode, body: response.json() }
  }

  async function create(size: number, filename = 'film.mp4'): Promise<CreateUploadResponse> {
    const asked = { filename, type: 'video', total_size: size }
    return (await json('POST', ROOT, asked)).body
  }

  /** Sends one chunk; answers with its proof. */
  async function send(created: CreateUploadResponse, index: number, bytes: Uint8Array) {
    const { etag } = await putTo(created.upload_urls[index - 1]!.url, bytes)
    return proofOf(index, etag, bytes)
  }

  const report = ({ upload_id: id }: CreateUploadResponse, ...proofs: Proof[]) =>
    json('POST', `${ROOT}/${id}`, { completed_chunks: proofs })

  /** Sends and reports a whole file as clients do. */
  async function upload(bytes: Uint8Array<ArrayBuffer>, filename?: string) {
    const created = await create(bytes.byteLength, filename)
    const proofs: Proof[] = []
    for (const [i, chunk] of chunksOf(bytes).entries())
      proofs.push(await send(created, i + 1, chunk))
    return { created, proofs, ...(await report(created, ...proofs)) }
  }

  return { ...world, store, options, origin, json, create, send, report, upload }
}
