import type { TechnicalMetadata } from '@partway/protocol'

/** A sealed object as a reader of media meets it. */
export interface MediaSource {
  /** Bytes, at least 1. */
  size: number
  /** Answers GET, ranges included, on this machine and without further authority. */
  url: string
}

/** What a file was found to be. */
export interface Inspection {
  /** MIME type found in the content; `undefined` when it is no format that is known. */
  mimeType: string | undefined
  /** Seconds; video and audio only. */
  duration: number | undefined
  /** What could be read, which may be less when `problem` is set. */
  technicalMetadata: TechnicalMetadata
  /** Why it cannot be used, as a sentence for people; `undefined` when nothing is wrong with it. */
  problem: string | undefined
}

/** Takes one file that was made from an asset; called again for the next when it has resolved. */
export type EmitFile = (name: string, body: AsyncIterable<Uint8Array>) => Promise<void>

/**
 * Reads media and makes renditions of it. Every call is bounded in time and memory, ends soon
 * after `signal` aborts, and can be repeated.
 *
 * @throws MediaError when the content or a missing tool is the reason: trying again is no use
 * @throws whatever else, such as a source that does not answer: worth another try
 */
export interface Media {
  /**
   * The MIME type that the first bytes of a file tell, or its name where text has no signature.
   *
   * @param head the first 64 KiB, or all there is
   */
  detect(head: Uint8Array, filename: string): Promise<string | undefined>
  /** @param filename tells text documents apart, which have no signature */
  inspect(source: MediaSource, filename: string, signal: AbortSignal): Promise<Inspection>
  /** Emits one file, `thumbnail.jpg`, of at most 1280 by 1280 pixels. */
  thumbnail(
    source: MediaSource,
    found: TechnicalMetadata,
    emit: EmitFile,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Emits an HLS stream: segments as they are made, playlists after all that they name, and
   * `manifest.m3u8` last. All in one folder, named relative to each other.
   */
  hls(
    source: MediaSource,
    found: TechnicalMetadata,
    emit: EmitFile,
    signal: AbortSignal,
  ): Promise<void>
}

/** Something is wrong with the content or with our tools. The message is for people. */
export class MediaError extends Error {
  override readonly name = 'MediaError'
}
