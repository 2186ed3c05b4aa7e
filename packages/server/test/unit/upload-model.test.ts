import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { openFileStore } from '../../src/adapters/fs/store.ts'
import { openSqliteMetadata } from '../../src/adapters/sql/sqlite.ts'
import { bytesFor, collect } from '../contract/bodies.ts'
import { upTo } from '../contract/samples.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { Etags, type Model } from './model.ts'
import { COMMANDS, expectSame, type Real } from './model-commands.ts'
import { ACCOUNT, createWorld, type World } from './world.ts'

type OpenWorld = () => Promise<{ world: World; close(): Promise<void> }>

async function follows(open: OpenWorld, seen: Set<string>, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(
    fc.commands(COMMANDS, { maxCommands: 60, size: 'max' }),
    async (commands) => {
      const { world, close } = await open()
      const model: Model = { now: world.clock(), sessions: [] }
      const real: Real = { world, etags: new Etags() }
      try {
        await fc.asyncModelRun(() => ({ model, real }), commands)
        await expectEnd(model, real)
        for (const { state } of model.sessions) seen.add(state)
      } finally {
        await close()
      }
    },
  )
  await fc.assert(property, { numRuns })
}

/** Whatever happened: records as the model has them, and sealed bytes are the proven ones. */
async function expectEnd(model: Model, real: Real): Promise<void> {
  for (const session of model.sessions) {
    await expectSame(session, model, real)
    if (session.state !== 'completed') continue
    const { upload, proven } = session
    const asset = await real.world.metadata.findAsset(ACCOUNT, upload.assetId)
    const range = { start: 0, end: upload.totalSize - 1 }
    const expected = upTo(upload.totalChunks).map((i) => bytesFor(upload, i, proven.get(i)))
    expect(await collect(real.world.store.open(asset!.object!.ref, range))).toEqual(
      Buffer.concat(expected),
    )
  }
}

describe('an upload, whatever is done to it in whatever order', () => {
  const STATES = new Set(['active', 'completed', 'failed', 'expired'])

  it('is as the model says, on memory', async () => {
    const seen = new Set<string>()
    const open = async () => ({ world: createWorld(), close: async () => {} })
    await follows(open, seen, 300)
    expect(seen).toEqual(STATES)
  })

  it('is as the model says, on SQLite and a folder', async () => {
    const seen = new Set<string>()
    const open = async () => {
      const folder = await mkdtemp(join(tmpdir(), 'partway-model-'))
      const ports = createMemoryPorts()
      const metadata = await openSqliteMetadata(join(folder, 'partway.db'))
      const store = await openFileStore(join(folder, 'store'), createChunkUrls(ports.signer))
      return {
        world: createWorld({ ...ports, metadata, store, sink: store }),
        async close() {
          await metadata.close()
          await rm(folder, { recursive: true })
        },
      }
    }
    await follows(open, seen, 40)
    expect(seen).toContain('completed')
  })
})
