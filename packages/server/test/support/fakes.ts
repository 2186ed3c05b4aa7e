import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { createNewId, createSigner, secrets } from '../../src/adapters/crypto/index.ts'
import { createSniffer } from '../../src/adapters/media/sniff.ts'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import type { Ports } from '../../src/server/compose.ts'

/** A clock that stands still until it is told to move. */
export function createFakeClock(start = Date.parse('2026-11-22T10:00:00Z')) {
  let now = start
  const clock = () => now
  return Object.assign(clock, {
    advance(milliseconds: number) {
      now += milliseconds
    },
  })
}

export type FakeClock = ReturnType<typeof createFakeClock>

export const TEST_SIGNING_KEY = 'a-signing-key-for-tests-of-at-least-32-characters'

/** Memory adapters and a hand-driven clock: the world of a unit or HTTP test. */
export function createMemoryPorts(): Ports & { clock: FakeClock } {
  const clock = createFakeClock()
  const signer = createSigner([TEST_SIGNING_KEY])
  const store = createMemoryStore(createChunkUrls(signer), secrets)
  return {
    metadata: createMemoryMetadata(),
    store,
    sink: store,
    media: createSniffer(),
    signer,
    secrets,
    clock,
    newId: createNewId(clock),
  }
}
