import { type AssetType, PartwayError, typeOfFilename } from '@partway/protocol'
import { type Peeked, peek } from './bytes.ts'
import type { Completer } from './complete.ts'
import { HEAD_SIZE, type Ingest, tooLarge } from './ingest.ts'
import { newAsset, type Wishes } from './new-asset.ts'
import type { Clock, Media, Metadata } from './ports.ts'
import type { Asset, Upload } from './types.ts'
import { likelyKind } from './verdict.ts'

export interface DirectDeps {
  metadata: Metadata
  media: Media
  ingest: Ingest
  completer: Completer
  clock: Clock
}

/** A file that has arrived whole and belongs to no asset yet. */
export interface ReceivedFile {
  upload: Upload
  size: number
  /** Its first bytes. */
  head: Uint8Array
}

export type Direct = ReturnType<typeof createDirect>

/**
 * Files sent in one request. The text around a file may come after it, so that it is received
 * before it is known what it is to be called; nothing shows until all of it is.
 */
export function createDirect({ metadata, media, ingest, completer, clock }: DirectDeps) {
  /** @throws PartwayError when the file is empty or too large; whatever reading `body` throws. Nothing is left behind. */
  async function receive(
    account: string,
    filename: string,
    body: AsyncIterable<Uint8Array>,
  ): Promise<ReceivedFile> {
    const peeked = await peek(body, HEAD_SIZE)
    try {
      return await store(account, filename, peeked)
    } catch (error) {
      await peeked.close()
      throw error
    }
  }

  async function store(
    account: string,
    filename: string,
    { head, body }: Peeked,
  ): Promise<ReceivedFile> {
    if (head.byteLength === 0) {
      throw new PartwayError('parameter_invalid', 'The `file` parameter is invalid. It is empty.')
    }
    const type = await typeOf(head, filename)
    const of = { account, method: 'direct', filename, type: type ?? 'video' } as const
    const upload = await ingest.begin(of, () => undefined)
    try {
      const limit = ingest.limitFor(type)
      const size = await ingest.putAll(upload, body, (received) => {
        if (received > limit) throw tooLarge('file', type, limit)
      })
      return { upload, size, head }
    } catch (error) {
      await ingest.discard(upload, 'The file did not arrive.')
      throw error
    }
  }

  /** Makes an asset of a received file. @throws PartwayError when nothing tells what it is, or it is too large for that */
  async function create(
    { upload, size, head }: ReceivedFile,
    filename: string,
    wishes: Wishes,
  ): Promise<Asset> {
    const type = await typeOf(head, filename)
    if (!type) {
      throw new PartwayError(
        'parameter_invalid',
        'The `file` parameter is invalid. Neither its content nor its name says that it is video, audio, an image or a document.',
      )
    }
    const limit = ingest.limitFor(type)
    if (size > limit) throw tooLarge('file', type, limit)
    const now = clock()
    const asset = newAsset(
      {
        ...{ id: upload.assetId, account: upload.account, method: 'direct' },
        ...{ filename, type, size, createdAt: now },
      },
      wishes,
    )
    const plan = ingest.planFor(upload, size)
    try {
      if (!(await metadata.planIngest(upload.id, plan, asset, now))) {
        throw new PartwayError('request_canceled_or_timed_out', 'The request took too long.')
      }
      await completer.complete({ ...upload, ...plan })
    } catch (error) {
      // Its bytes are the sweep's: the store may still be making an object of them. So is all of it
      // where the database is away just now.
      throw await ingest.withdraw(asset, error)
    }
    return asset
  }

  /** Drops a received file of which nothing was made. */
  const discard = ({ upload }: ReceivedFile) =>
    ingest.discard(upload, 'The request that sent the file was refused.')

  async function typeOf(head: Uint8Array, filename: string): Promise<AssetType | undefined> {
    const mimeType = await media.detect(head, filename)
    return (mimeType && likelyKind(mimeType)) || typeOfFilename(filename)
  }

  return { receive, create, discard }
}
