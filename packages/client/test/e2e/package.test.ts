import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Program,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../../../server/test/support/program.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256, writeRandomFile } from '../../../server/test/support/program-files.ts'
import { binary, borrow, installClient, runIn, typeCheck } from '../support/installed.ts'

const CONSUMER = `
import { createClient, fromBlob, type Upload, type UploadedAsset, UploadError } from '@partway/client'
import { createClient as createNodeClient, openFile } from '@partway/client/node'

const client = createClient({ server: 'http://127.0.0.1', apiKey: 'key' })
const upload: Upload = client.upload(fromBlob(new Blob(['a']), 'a.mp4'), { concurrency: 'auto' })
const asset: UploadedAsset = await upload.done()
export const found = await client.assets.retrieve(asset.assetId)
export const status: 'processing' | 'ready' | 'failed' = found.status
export const height: number | undefined = found.technical_metadata?.video_streams?.[0]?.height
export const pages: number = (await client.uploads.list({ page: 2 })).page_info.total_page
for await (const { sent, secondsLeft } of upload) console.log(sent, secondsLeft?.toFixed())
try {
  await using file = await openFile('a.mp4')
  await createNodeClient({ server: '', apiKey: '', journals: '/tmp' }).upload(file).done()
} catch (error) {
  if (error instanceof UploadError) console.log(error.code, error.retryable)
}
// @ts-expect-error
client.upload(fromBlob(new Blob()), { concurrency: 'most' })
// @ts-expect-error
found.nonsense
`

const UPPY = `
import Partway, { type PartwayBody } from '@partway/client/uppy'
import Uppy, { type Meta } from '@uppy/core'

const uppy = new Uppy<Meta, PartwayBody>().use(Partway, { server: 'http://127.0.0.1', apiKey: '' })
uppy.on('upload-success', (_, { body }) => console.log(body?.asset_id.length))
export const plugin: Partway<Meta, PartwayBody> | undefined = uppy.getPlugin('Partway')
// @ts-expect-error
uppy.use(Partway, { enableHls: 'yes' })
`

const UPLOAD = `
import { createClient, fromBytes } from '@partway/client'
import process from 'node:process'
const [, , server, apiKey, name] = process.argv
const bytes = new Uint8Array(6 * 1024 * 1024 + 1).map((_, i) => i % 251)
bytes.set(new TextEncoder().encode('\\0\\0\\0\\x18ftypisom\\0\\0\\0\\0isommp42'))
const upload = createClient({ server, apiKey }).upload(fromBytes(bytes, name))
const { url, digests } = await upload.done()
console.log(JSON.stringify({ url, digests }))
`

const FILE = `
import { createClient, openFile } from '@partway/client/node'
const [, , server, apiKey, path] = process.argv
await using file = await openFile(path)
console.log((await createClient({ server, apiKey }).upload(file).done()).url)
`

describe('the package as it is published', () => {
  let folder: string
  let server: Program
  const kept = new AsyncDisposableStack()
  beforeAll(async () => {
    folder = kept.use(await temporaryFolder()).path
    await installClient(folder)
    server = kept.use(await startProgram({ data: join(folder, 'data') }))
  }, 120_000)
  afterAll(() => kept.disposeAsync())

  const at = (...path: string[]) => join(folder, 'node_modules/@partway/client', ...path)

  it('has no run-time dependency, and nothing but what is used', async () => {
    const { dependencies } = JSON.parse(await readFile(at('package.json'), 'utf8'))
    expect(dependencies).toBeUndefined()
    expect((await readdir(join(folder, 'node_modules/@partway'))).toSorted()).toEqual(['client'])
    expect((await readdir(at())).toSorted()).toEqual(['dist', 'package.json'])
  })

  it('never mentions the private protocol package', async () => {
    for (const name of await readdir(at('dist'), { recursive: true })) {
      if (!/\.(js|ts)$/.test(name)) continue
      expect(await readFile(at('dist', name), 'utf8'), name).not.toMatch(/['"]@partway\/protocol/)
    }
  })

  it('type-checks in a program of somebody else, declarations included', async () => {
    await writeFile(join(folder, 'consumer.ts'), CONSUMER)
    expect(await typeCheck(folder, ['consumer.ts'])).toBe('')
  })

  it('type-checks with Uppy', async () => {
    await borrow(folder, '@uppy/core')
    await writeFile(join(folder, 'uppy.ts'), UPPY)
    // The declarations of Uppy itself are not ours to check.
    expect(await typeCheck(folder, ['uppy.ts'], { skipLibCheck: true })).toBe('')
  })

  it('declares what the protocol says, though in other words', async () => {
    const declared = await readFile(at('dist/types/protocol.d.ts'), 'utf8')
    const names = [...declared.matchAll(/^export (?:interface|type) (\w+)/gm)].map(
      ([, name]) => name!,
    )
    const schemas = join(import.meta.dirname, '../../../protocol/src/index.ts')
    const lines = names
      .filter((name) => name !== 'Thumbnail' && name !== 'Hls' && name !== 'ImportProgress')
      .map((name) => `export const ${name}: Same<ours.${name}, theirs.${name}> = true`)
    const program = [
      `import type * as ours from ${JSON.stringify(schemas)}`,
      `import type * as theirs from ${JSON.stringify(at('dist/types/protocol.js'))}`,
      'type Same<A, B> = [A, B] extends [B, A] ? true : false',
      ...lines,
    ]
    await writeFile(join(folder, 'same.ts'), program.join('\n'))
    const options = { allowImportingTsExtensions: true, skipLibCheck: true }
    expect(await typeCheck(folder, ['same.ts'], options)).toBe('')
    expect(lines.length).toBeGreaterThan(10)
  })

  it.for([
    ['node', []],
    ['deno', ['run', '--quiet', '--allow-net=127.0.0.1', '--node-modules-dir=manual']],
    ['bun', ['run']],
  ] as const)('uploads by %s', async ([name, args], { skip }) => {
    const command = name === 'node' ? process.execPath : binary(name)
    if (!existsSync(command)) {
      if (process.env.CI) throw new Error(`${name} is needed`)
      skip(`${name} is not installed`)
    }
    await writeFile(join(folder, 'upload.js'), UPLOAD)
    const program = ['upload.js', server.url, TEST_KEY, `by-${name}.mp4`]
    const output = JSON.parse(await runIn(folder, command, [...args, ...program]))
    const bytes = new Uint8Array(await (await fetch(output.url)).arrayBuffer())
    expect(bytes.byteLength).toBe(6 * MiB + 1)
    expect(bytes.subarray(24).every((byte, i) => byte === (i + 24) % 251)).toBe(true)
    expect(output.digests).toHaveLength(2)
    expect(output.digests[1]).toMatch(/^[0-9a-f]{64}$/)
  })

  it('uploads a file on disk by Node', async () => {
    const path = join(folder, 'film.mp4')
    const sha256 = await writeRandomFile(path, 6 * MiB)
    await writeFile(join(folder, 'file.js'), FILE)
    const url = await runIn(folder, process.execPath, ['file.js', server.url, TEST_KEY, path])
    expect(await fetchSha256(url.trim())).toBe(sha256)
  })
})
