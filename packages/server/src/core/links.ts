import { PartwayError } from '@partway/protocol'
import type { Clock, Signer } from './ports.ts'

export type ContentLinks = ReturnType<typeof createContentLinks>

const PATH = /^\/content\/([0-9a-f]{24})\?expires=(\d{1,15})&signature=([\w-]+)$/

/**
 * Signed URLs for the content of assets: `/content/<asset id>?expires=<epoch seconds>&signature=…`.
 * Whoever has one may read the bytes until it expires, so it needs no key.
 */
export function createContentLinks(signer: Signer, clock: Clock, ttlMs: number) {
  const text = (path: string) => `content\n${path}`
  return {
    /** A fresh URL below `origin`. */
    url(assetId: string, origin: string): string {
      const path = `/content/${assetId}?expires=${Math.floor((clock() + ttlMs) / 1000)}`
      return `${origin}${path}&signature=${signer.sign(text(path))}`
    },
    /**
     * The asset that `url` (path and query) gives access to.
     *
     * @throws PartwayError `unauthorized_request` when it was altered or has expired
     */
    verify(url: string): string {
      const [, assetId, expires, signature] = PATH.exec(url) ?? []
      const signed = url.slice(0, url.lastIndexOf('&signature='))
      if (!assetId || !signature || !signer.verify(text(signed), signature)) {
        throw new PartwayError('unauthorized_request', 'The signature of this URL is not valid.')
      }
      if (clock() >= Number(expires) * 1000) {
        throw new PartwayError(
          'unauthorized_request',
          'This URL has expired. Retrieve the asset for a fresh one.',
        )
      }
      return assetId
    },
  }
}
