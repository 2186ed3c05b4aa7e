import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
// Loaded here, because the SDK may take longer than what is measured.
import '../../src/adapters/s3/store.ts'
import { openMetadata, openPorts } from '../../src/server/compose.ts'
import { readConfig } from '../../src/server/config.ts'
import { startServer } from '../../src/server/start.ts'
import { assetFor, claimsFor, sampleUpload, upTo } from '../contract/samples.ts'
import { temporaryFolder } from '../support/program.ts'

/** Takes connections and says nothing. */
async function startSilence() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => sockets.size,
    end() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** It takes little more than a second, on a busy machine two; the shortest limit of a question is five. */
const LIMIT_MS = 4500

describe('a server whose store hangs while uploads wait to be sealed', () => {
  afterEach(() => void vi.unstubAllEnvs())

  async function start(data: string) {
    const silence = await startSilence()
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    const config = readConfig(
      {
        PARTWAY_STORE_URL: `s3://films?endpoint=${silence.url}&path_style=1`,
        PARTWAY_LOG_LEVEL: 'silent',
        PARTWAY_DRAIN_TIMEOUT: '300ms',
      },
      { listen: '127.0.0.1:0', data, apiKey: 'pw_test-key-for-the-suite' },
    )
    const metadata = await openMetadata(config)
    for (const _ of upTo(3)) {
      const upload = sampleUpload()
      await metadata.createUpload(upload, assetFor(upload))
      await metadata.recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), Date.now())
    }
    await metadata.close()
    const started = performance.now()
    const server = await startServer(config, await openPorts(config))
    return { silence, server, started }
  }

  it('answers before the store is given up', async () => {
    await using folder = await temporaryFolder()
    const { silence, server, started } = await start(folder.path)
    try {
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
      expect(performance.now() - started).toBeLessThan(LIMIT_MS)
      expect(silence.connections()).toBeGreaterThan(0)
    } finally {
      silence.end()
      await server.stop()
    }
  }, 30_000)

  it('stops in the time it has for it', async () => {
    await using folder = await temporaryFolder()
    const { silence, server } = await start(folder.path)
    try {
      await expect.poll(silence.connections).toBeGreaterThan(0)
      const told = performance.now()
      await server.stop()
      // Sooner than by three tries of a question.
      expect(performance.now() - told).toBeLessThan(12_000)
    } finally {
      silence.end()
    }
  }, 30_000)
})
