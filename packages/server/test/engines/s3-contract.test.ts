import { describe } from 'vitest'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { chunkStoreContract } from '../contract/chunk-store.ts'
import { s3Missing, s3Options } from '../support/s3.ts'
import { throughUrls } from '../support/s3-put.ts'

describe.skipIf(s3Missing)(`S3${s3Missing ? `: ${s3Missing}` : ''}`, () => {
  chunkStoreContract('Ceph', async () => ({
    store: throughUrls(openS3Store(await s3Options())),
    close: async () => {},
  }))
})
