import { afterEach, beforeEach, describe } from 'vitest'
import type { SinkStore, Store } from './bodies.ts'
import { sinkBodySentences } from './chunk-sink-bodies.ts'
import { sinkSealSentences } from './chunk-sink-seal.ts'
import { settleSentences } from './chunk-sink-settle.ts'
import { urlSentences } from './chunk-sink-urls.ts'
import { bodySentences } from './chunk-store-bodies.ts'
import { endSentences } from './chunk-store-end.ts'
import { fileSentences } from './chunk-store-files.ts'
import { rangeSentences } from './chunk-store-ranges.ts'
import { sealSentences } from './chunk-store-seal.ts'

type Open<S> = () => Promise<{ store: S; close(): Promise<void> }>

/** What `ChunkStore` promises, as sentences every adapter must make true. */
export function chunkStoreContract(name: string, open: Open<Store>): void {
  describe(`ChunkStore on ${name}`, () => {
    const store = opening(open)
    describe('bodies', () => bodySentences(store))
    describe('sealing', () => sealSentences(store))
    describe('ranges', () => rangeSentences(store))
    describe('ends', () => endSentences(store))
    describe('our own chunks, and files made from objects', () => fileSentences(store))
  })
}

/** What `ChunkSink` promises besides, where bodies come through us. */
export function chunkSinkContract(name: string, open: Open<SinkStore>): void {
  describe(`ChunkSink on ${name}`, () => {
    const store = opening(open)
    describe('bodies', () => sinkBodySentences(store))
    describe('settled chunks', () => settleSentences(store))
    describe('sealing', () => sinkSealSentences(store))
    describe('signed URLs', () => urlSentences(store))
  })
}

/** A store of its own for every test. */
function opening<S extends Store>(open: Open<S>): () => S {
  let opened: Awaited<ReturnType<Open<S>>>
  beforeEach(async () => {
    opened = await open()
  })
  afterEach(async () => opened.close())
  return () => opened.store
}
