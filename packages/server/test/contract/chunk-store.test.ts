import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { createSigner, secrets } from '../../src/adapters/crypto/index.ts'
import { openFileStore } from '../../src/adapters/fs/store.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { TEST_SIGNING_KEY } from '../support/fakes.ts'
import { chunkStoreContract } from './chunk-store.ts'

const urls = createChunkUrls(createSigner([TEST_SIGNING_KEY]))

chunkStoreContract('memory', async () => ({
  store: createMemoryStore(urls, secrets),
  close: async () => {},
}))

chunkStoreContract('a folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'partway-store-'))
  return {
    store: await openFileStore(root, urls),
    close: () => rm(root, { recursive: true }),
  }
})
