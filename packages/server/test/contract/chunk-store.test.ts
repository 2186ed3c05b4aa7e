import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { createSigner, secrets } from '../../src/adapters/crypto/index.ts'
import { openFileStore } from '../../src/adapters/fs/store.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { TEST_SIGNING_KEY } from '../support/fakes.ts'
import { throughSink } from './bodies.ts'
import { chunkSinkContract, chunkStoreContract } from './chunk-store.ts'

const urls = createChunkUrls(createSigner([TEST_SIGNING_KEY]))

const inMemory = async () => ({
  store: throughSink(createMemoryStore(urls, secrets)),
  close: async () => {},
})

async function inFolder() {
  const root = await mkdtemp(join(tmpdir(), 'partway-store-'))
  return {
    store: throughSink(await openFileStore(root, urls)),
    close: () => rm(root, { recursive: true }),
  }
}

chunkStoreContract('memory', inMemory)
chunkSinkContract('memory', inMemory)
chunkStoreContract('a folder', inFolder)
chunkSinkContract('a folder', inFolder)
