import { chunkSizeAt, PartwayError } from '@partway/protocol'
import type { ChunkTicket, PresignContext, PresignedUrls, Signer } from '../core/ports.ts'
import type { Upload } from '../core/types.ts'

export type ChunkUrls = ReturnType<typeof createChunkUrls>

const PATH =
  /^\/chunks\/([0-9a-f]{24})\/(\d{1,5})\?size=(\d{1,16})&expires=(\d{1,15})&signature=([\w-]+)$/

/**
 * Chunk URLs that point back at us:
 * `/chunks/<upload id>/<index>?size=<bytes>&expires=<epoch seconds>&signature=…`.
 *
 * The signature covers the method and every character before it, exactly as sent. Nothing is
 * decoded or normalised first, so there are no two spellings of one URL.
 */
export function createChunkUrls(signer: Signer) {
  const text = (path: string) => `PUT\n${path}`

  function presign(
    upload: Upload,
    indexes: number[],
    { origin, expiresAt }: PresignContext,
  ): PresignedUrls {
    const expires = Math.floor(expiresAt / 1000)
    const urls = indexes.map((index) => {
      const size = chunkSizeAt(upload, index)
      const path = `/chunks/${upload.storeRef}/${index}?size=${size}&expires=${expires}`
      return `${origin}${path}&signature=${signer.sign(text(path))}`
    })
    return { urls, expiresAt: expires * 1000 }
  }

  function verify(method: string, url: string, now: number): ChunkTicket {
    const [, uploadId, index, size, expires, signature] = PATH.exec(url) ?? []
    const signed = url.slice(0, url.lastIndexOf('&signature='))
    if (method !== 'PUT' || !uploadId || !signature || !signer.verify(text(signed), signature)) {
      throw new PartwayError(
        'SignatureDoesNotMatch',
        'The signature does not match this method and URL. Use the URL exactly as it was given.',
      )
    }
    if (now >= Number(expires) * 1000) {
      throw new PartwayError('AccessDenied', 'Request has expired. Ask for a new URL.')
    }
    return { uploadId, index: Number(index), size: Number(size) }
  }

  return { presign, verify }
}
