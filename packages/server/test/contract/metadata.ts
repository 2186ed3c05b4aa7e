import { afterEach, beforeEach, describe } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { assetSentences } from './metadata-assets.ts'
import { changeSentences } from './metadata-changes.ts'
import { chunkSentences } from './metadata-chunks.ts'
import { filterSentences } from './metadata-filters.ts'
import { idempotencySentences } from './metadata-idempotency.ts'
import { ingestSentences } from './metadata-ingests.ts'
import { keySentences } from './metadata-keys.ts'
import { leaseSentences } from './metadata-leases.ts'
import { listSentences } from './metadata-lists.ts'
import { sweepSentences } from './metadata-sweep.ts'
import { uploadSentences } from './metadata-uploads.ts'

export type OpenMetadata = () => Promise<{ metadata: Metadata; close(): Promise<void> }>

/** What `Metadata` promises, as sentences every adapter must make true. */
export function metadataContract(name: string, open: OpenMetadata): void {
  describe(`Metadata on ${name}`, () => {
    let opened: Awaited<ReturnType<OpenMetadata>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(async () => opened.close())

    const metadata = () => opened.metadata
    describe('uploads', () => uploadSentences(metadata))
    describe('lists', () => listSentences(metadata))
    describe('idempotency', () => idempotencySentences(metadata))
    describe('chunks', () => chunkSentences(metadata))
    describe('sweeping', () => sweepSentences(metadata))
    describe('assets', () => assetSentences(metadata))
    describe('filters and key-value pairs', () => filterSentences(metadata))
    describe('changes', () => changeSentences(metadata))
    describe('leases', () => leaseSentences(metadata))
    describe('files we bring ourselves', () => ingestSentences(metadata))
    describe('keys', () => keySentences(metadata))
  })
}
