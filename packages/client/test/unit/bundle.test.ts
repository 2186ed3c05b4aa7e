import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type OutputChunk } from 'rolldown'
import { describe, expect, it } from 'vitest'

/** Bytes. */
const MOST = 15_000

/** As a page would have it, with what is not ours left out. */
async function bundle(entry: string): Promise<OutputChunk> {
  const { output } = await build({
    input: join(import.meta.dirname, '../../src', entry),
    platform: 'browser',
    external: (id) => !/^(\.|\/|@partway\/)/.test(id),
    output: { format: 'esm', minify: true, codeSplitting: false },
    write: false,
    logLevel: 'warn',
  })
  return output[0]
}

const gzipped = ({ code }: OutputChunk) => gzipSync(code, { level: 9 }).byteLength

describe('the bundle for browsers', () => {
  it(`is under ${MOST} bytes, minified and gzipped`, async () => {
    const [client, uppy] = [await bundle('index.ts'), await bundle('uppy.ts')]
    console.log(`@partway/client: ${client.code.length} bytes, ${gzipped(client)} gzipped`)
    console.log(`@partway/client/uppy: ${uppy.code.length} bytes, ${gzipped(uppy)} gzipped`)
    expect(gzipped(client)).toBeLessThan(MOST)
    expect(gzipped(uppy)).toBeLessThan(MOST)
  })

  it('reaches nothing of Node, nor anything else that is not ours', async () => {
    const { imports, dynamicImports } = await bundle('index.ts')
    expect([...imports, ...dynamicImports]).toEqual([])
  })

  it('reaches only the core of Uppy from the plugin', async () => {
    const { imports, dynamicImports } = await bundle('uppy.ts')
    expect([...imports, ...dynamicImports]).toEqual(['@uppy/core'])
  })

  it('would notice an import of Node', async () => {
    expect((await bundle('node.ts')).imports).toContain('node:fs/promises')
  })
})
