import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '@partway/client/node'
import {
  type Program,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../../../server/test/support/program.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { writeRandomFile } from '../../../server/test/support/program-files.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { type Link, startLink } from './link.ts'
import { runUploader, startUploader, type UploadTask } from './run-uploader.ts'

export interface World extends AsyncDisposable {
  folder: string
  server: Program
  proxy: FaultProxy
  /** A line between clients and the proxy. */
  link: Link
  /** A file of random bytes in the folder, and its SHA-256. */
  file(name: string, size: number): Promise<TestFile>
  /** Uploads a file in a process of its own, over the line and through the proxy. */
  upload(file: TestFile, task?: Partial<UploadTask>): ReturnType<typeof runUploader>
  start(file: TestFile, task?: Partial<UploadTask>): ReturnType<typeof startUploader>
  /** A client in this process. @param url where it finds the server; past the proxy by default */
  client(url?: string): Client
  /** Kills the server and starts it again on the same data, `downMs` later. */
  restart(downMs: number): Promise<void>
}

export interface TestFile {
  path: string
  size: number
  sha256: string
  /** SHA-256 of each chunk of 5 MiB. */
  digests: string[]
}

/** A server whose URLs lead over a line and through a proxy that can spoil everything. */
export async function startWorld(env: Record<string, string> = {}): Promise<World> {
  const folder = await temporaryFolder()
  const proxy = await startFaultProxy()
  const link = await startLink(proxy.url)
  const options = {
    data: join(folder.path, 'data'),
    // Files are random bytes; nobody is to wait for what becomes of them.
    env: { PARTWAY_PUBLIC_URL: link.url, PARTWAY_LOG_LEVEL: 'error', ...env },
  }
  let server = await startProgram(options)
  proxy.target = server.url

  const taskOf = ({ path }: TestFile, task: Partial<UploadTask>): UploadTask => ({
    ...{ server: link.url, apiKey: TEST_KEY, file: path },
    ...task,
  })

  return {
    folder: folder.path,
    get server() {
      return server
    },
    proxy,
    link,
    async file(name, size) {
      const path = join(folder.path, name)
      return {
        path,
        size,
        sha256: await writeRandomFile(path, size),
        digests: await chunkDigests(path),
      }
    },
    client: (url = server.url) => createClient({ server: url, apiKey: TEST_KEY }),
    upload: (file, task = {}) => runUploader(taskOf(file, task)),
    start: (file, task = {}) => startUploader(taskOf(file, task)),
    async restart(downMs) {
      await server.kill()
      await new Promise((resolve) => setTimeout(resolve, downMs))
      server = await startProgram(options)
      proxy.target = server.url
    },
    async [Symbol.asyncDispose]() {
      await server.kill()
      await link[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest('hex')
}

async function chunkDigests(path: string): Promise<string[]> {
  const digests: string[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    digests.push(createHash('sha256').update(chunk).digest('hex'))
  }
  return digests
}
