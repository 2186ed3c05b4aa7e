import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { createNewId, createSigner, secrets } from '../../src/adapters/crypto/index.ts'
import { createMemoryMedia, type MemoryMedia } from '../../src/adapters/memory/media.ts'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { createMemoryStore } from '../../src/adapters/memory/store.ts'
import { createMemoryWeb } from '../../src/adapters/memory/web.ts'
import type { Inspection } from '../../src/core/ports.ts'
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

type MemoryWeb = ReturnType<typeof createMemoryWeb>
export type MemoryPorts = Ports & { clock: FakeClock; media: MemoryMedia; web: MemoryWeb }

/** Memory adapters and a hand-driven clock: the world of a unit or HTTP test. */
export function createMemoryPorts(): MemoryPorts {
  const clock = createFakeClock()
  const signer = createSigner([TEST_SIGNING_KEY])
  const store = createMemoryStore(createChunkUrls(signer), secrets)
  return {
    metadata: createMemoryMetadata(),
    store,
    sink: store,
    media: createMemoryMedia(),
    web: createMemoryWeb(),
    every: () => () => {},
    signer,
    secrets,
    clock,
    newId: createNewId(clock),
  }
}

/** A signal that never aborts. */
export const NEVER = new AbortController().signal

/** What an inspection finds in a whole file of one MIME type. */
export function foundAs(
  mimeType: string | undefined,
  changes: Partial<Inspection> = {},
): Inspection {
  const [kind] = mimeType?.split('/') ?? []
  const technicalMetadata =
    kind === 'video' || kind === 'audio'
      ? { total_video_streams: kind === 'video' ? 1 : 0, total_audio_streams: 1, has_audio: true }
      : {}
  return { mimeType, duration: undefined, technicalMetadata, problem: undefined, ...changes }
}
