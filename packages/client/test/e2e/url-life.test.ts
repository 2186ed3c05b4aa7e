import { open, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { expectIdentical } from '../support/expect.ts'
import { fileSha256, startWorld, type TestFile, type World } from '../support/world.ts'

const GiB = 1024 * MiB
const { bavail, bsize } = await statfs(tmpdir())
const reason = bavail * bsize < 3 * GiB ? `needs 3 GiB in ${tmpdir()}` : undefined

describe('while chunk URLs live two seconds', () => {
  let world: World

  beforeAll(async () => {
    world = await startWorld({ PARTWAY_URL_TTL: '2s' })
  })
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
  })

  /** A file with holes in which no two mebibytes are alike. */
  async function sparseFile(size: number): Promise<TestFile> {
    const path = join(world.folder, 'sparse.mp4')
    const file = await open(path, 'wx')
    await file.truncate(size)
    for (let at = 0; at < size; at += MiB) await file.write(Buffer.from(`at ${at}`), 0, null, at)
    await file.close()
    return { path, size, sha256: await fileSha256(path), digests: [] }
  }

  it.skipIf(reason)(
    `a gibibyte at a limited rate arrives (${reason ?? '15 seconds'})`,
    async () => {
      const film = await sparseFile(GiB)
      world.proxy.reset()

      const run = await world.upload(film, { options: { limitRate: 70 * MiB } })

      const { calls } = world.proxy.ledger
      // More than one life of the 50 URLs that are asked for at once.
      expect(calls.get('presign')).toBeGreaterThan(4)
      await expectIdentical(world, film, run)
    },
  )

  it.each([
    ['node', 3],
    ['fetch', 3],
    ['fetch', 'auto'],
  ] as const)(
    'a file arrives although one chunk takes longer: by %s, %s',
    async (transport, concurrency) => {
      const film = await world.file(`film-${transport}-${concurrency}.mp4`, 9 * CHUNK + 1)
      world.proxy.reset()

      const options = { concurrency, limitRate: 3 * MiB }
      const run = await world.upload(film, { transport, options })

      await expectIdentical(world, film, run)
    },
  )
})
