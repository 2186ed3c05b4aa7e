import type { Client, FileSource } from '@partway/client/node'
import { chunkSizesFor, contentDigests, parseContentEtag } from './content-etag.ts'

export type Comparison =
  | { outcome: 'identical' }
  | { outcome: 'different' | 'unknown'; reason: string }

/** Compares a file with the content of an asset, of which only the ETag is read. */
export async function compareWithAsset(
  source: Pick<FileSource, 'size' | 'read'>,
  assetId: string,
  { assets }: Pick<Client, 'assets'>,
): Promise<Comparison> {
  const { url, size } = await assets.retrieve(assetId)
  if (!url) return unknown('it has no content yet')
  if (size !== undefined && size !== source.size) {
    return different(`the file has ${source.size} bytes, the asset ${size}`)
  }
  const header = await etagOf(url)
  const etag = parseContentEtag(header ?? '')
  if (!etag) {
    return unknown(
      header === undefined
        ? 'its store gives no ETag'
        : `the ETag of its store is no digest of the chunks (${header})`,
    )
  }
  const chunkSizes = chunkSizesFor(source.size, etag.chunks)
  if (chunkSizes.length === 0) {
    return unknown(`it is not known how it was cut into ${etag.chunks} chunks`)
  }
  const digests = await contentDigests(source, chunkSizes, etag.kind)
  if (digests.includes(etag.digest)) return { outcome: 'identical' }
  return different(
    etag.kind === 'md5'
      ? 'the bytes are not the same, unless its bucket is encrypted with keys of KMS or of the client'
      : 'the bytes are not the same',
  )
}

/** By a GET of one byte: URLs that are signed for S3 allow no HEAD. */
async function etagOf(url: string): Promise<string | undefined> {
  const response = await fetch(url, { headers: { range: 'bytes=0-0' } }).catch((error) => {
    throw new Error(
      `No answer from ${new URL(url).origin}: ${error.cause?.message ?? error.message}`,
    )
  })
  await response.body?.cancel()
  if (!response.ok) {
    throw new Error(`the content could not be read: the server answered ${response.status}`)
  }
  return response.headers.get('etag') ?? undefined
}

const different = (reason: string): Comparison => ({ outcome: 'different', reason })
const unknown = (reason: string): Comparison => ({ outcome: 'unknown', reason })
