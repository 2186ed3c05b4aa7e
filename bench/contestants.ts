import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Answer, digestOfBody, type Outgoing, upload } from './support/load.ts'
import { startPartway } from './support/partway.ts'
import { type ServerProcess, startServer } from './support/process.ts'

/** A server that takes bodies in. */
export interface Contestant extends AsyncDisposable {
  name: string
  server: ServerProcess
  /** Requests that each carry a body of `size` bytes; what they need is made on the server. */
  prepare(count: number, size: number): Promise<Outgoing[]>
  /** Whether the server understood the body. */
  took(answer: Answer, size: number): boolean
  /** Removes what was stored. */
  clear(): Promise<void>
}

const GiB = 2 ** 30

export async function partwayContestant(folder: string): Promise<Contestant> {
  const server = await startPartway(folder)
  return {
    name: 'Partway',
    server,
    async prepare(count, size) {
      // From 64 GiB on chunks have 64 MiB; the upload is never finished.
      const created = await server.create(65 * GiB)
      if (created.chunk_size !== size) throw new Error(`chunks have ${created.chunk_size} bytes`)
      return (await server.chunkUrls(created, count)).map((url) => upload('PUT', url, size))
    },
    took: hasDigest,
    clear: () => empty(server.layout.uploads),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export async function bareContestant(folder: string): Promise<Contestant> {
  const server = await startAlone('bare.ts', folder)
  return {
    name: 'bare node:http',
    server,
    prepare: async (count, size) =>
      Array.from({ length: count }, () => upload('PUT', `${server.url}/`, size)),
    took: hasDigest,
    clear: () => empty(folder),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export async function tusContestant(folder: string): Promise<Contestant> {
  const server = await startAlone('tus.ts', folder)
  const tus = { 'tus-resumable': '1.0.0' }
  return {
    name: '@tus/server',
    server,
    prepare: (count, size) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const headers = { ...tus, 'upload-length': `${size}` }
          const created = await fetch(`${server.url}/files`, { method: 'POST', headers })
          const type = 'application/offset+octet-stream'
          const patch = { ...tus, 'upload-offset': '0', 'content-type': type }
          return upload('PATCH', created.headers.get('location')!, size, patch)
        }),
      ),
    took: ({ head }, size) => new RegExp(`^upload-offset: ${size}$`, 'im').test(head),
    clear: () => empty(folder),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function startAlone(program: string, folder: string): Promise<ServerProcess> {
  await mkdir(folder)
  return startServer([join(import.meta.dirname, 'servers', program), folder])
}

const digests = new Map<number, string>()

function hasDigest({ head }: Answer, size: number): boolean {
  const digest = digests.get(size) ?? digestOfBody(size)
  digests.set(size, digest)
  return head.includes(`"${digest}"`)
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}
