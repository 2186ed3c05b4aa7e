import type { JournalStore } from './upload/journal.ts'

/** One PUT of a chunk. */
export interface ChunkRequest {
  url: string
  body: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
  signal: AbortSignal
  /** Told how many bytes of the body have left so far. */
  onSent: (bytes: number) => void
  /** Most bytes to ask {@link ChunkRequest.allow} for at once. */
  slice: number
  /** Resolves when so many more bytes may leave; at once where {@link Platform.whole} is set. */
  allow: (bytes: number) => Promise<void>
}

export interface ChunkAnswer {
  status: number
  header(name: string): string | undefined
  text: string
}

/**
 * Sends chunks. @throws UploadError `network_error` when there is no answer, or the signal's reason
 */
export type Transport = (request: ChunkRequest) => Promise<ChunkAnswer>

/** What differs from one environment to another. */
export interface Platform {
  transport: Transport
  /** The transport sends a body in one go, so that a limited rate has to wait before it. */
  whole?: boolean
  /** 64 lower-case hex digits; `undefined` where there is no way to compute it. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined>
  /** 32 lower-case hex digits, where it costs little. */
  md5?: (bytes: Uint8Array<ArrayBuffer>) => string
  /** Where uploads are remembered; `undefined`: nowhere. */
  journals: JournalStore | undefined
}

/** By Web Crypto, which pages have only where they came over https or from this machine. */
export async function webSha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { subtle } = globalThis.crypto ?? {}
  if (!subtle) return undefined
  return toHex(new Uint8Array(await subtle.digest('SHA-256', bytes)))
}

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
