import { afterEach, beforeEach, describe } from 'vitest'
import type { Store } from './bodies.ts'
import { bodySentences } from './chunk-store-bodies.ts'
import { endSentences } from './chunk-store-end.ts'
import { fileSentences } from './chunk-store-files.ts'
import { rangeSentences } from './chunk-store-ranges.ts'
import { sealSentences } from './chunk-store-seal.ts'
import { settleSentences } from './chunk-store-settle.ts'
import { urlSentences } from './chunk-store-urls.ts'

export type OpenStore = () => Promise<{ store: Store; close(): Promise<void> }>

/** What `ChunkStore & ChunkSink` promises, as sentences every adapter must make true. */
export function chunkStoreContract(name: string, open: OpenStore): void {
  describe(`ChunkStore and ChunkSink on ${name}`, () => {
    let opened: Awaited<ReturnType<OpenStore>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(async () => opened.close())

    const store = () => opened.store
    describe('bodies', () => bodySentences(store))
    describe('settled chunks', () => settleSentences(store))
    describe('sealing', () => sealSentences(store))
    describe('ranges', () => rangeSentences(store))
    describe('ends', () => endSentences(store))
    describe('our own chunks, and files made from objects', () => fileSentences(store))
    describe('signed URLs', () => urlSentences(store))
  })
}
