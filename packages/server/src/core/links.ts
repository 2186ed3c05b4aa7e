import { PartwayError } from '@partway/protocol'
import { isFileName } from './files.ts'
import type { Clock, Signer } from './ports.ts'

export type ContentLinks = ReturnType<typeof createContentLinks>

const CONTENT = /^\/content\/([0-9a-f]{24})\?expires=(\d{1,15})(&stream)?&signature=([\w-]+)$/
const FILE = /^\/files\/([0-9a-f]{24})\/(\d{1,15})\.([\w-]+)\/([^/?]+)$/

/**
 * Signed URLs for what belongs to assets. Whoever has one may read until it expires, so it needs
 * no key.
 *
 * The content is at `/content/<asset id>?expires=<epoch seconds>&signature=…`; with `&stream` before
 * the signature it is never a redirect, for readers that follow none. Files made from it
 * are at `/files/<asset id>/<epoch seconds>.<signature>/<name>`: there the signature is part of
 * the path and covers all files of the asset, because players resolve the names in a playlist
 * relative to it and keep no query.
 */
export function createContentLinks(signer: Signer, clock: Clock, ttlMs: number) {
  const contentText = (path: string) => `content\n${path}`
  const filesText = (assetId: string, expires: string) => `files\n${assetId}\n${expires}`
  const expiry = () => String(Math.floor((clock() + ttlMs) / 1000))
  const contentUrl = (assetId: string, origin: string, option: '' | '&stream') => {
    const path = `/content/${assetId}?expires=${expiry()}${option}`
    return `${origin}${path}&signature=${signer.sign(contentText(path))}`
  }

  function check(text: string, signature: string | undefined, expires: string | undefined): void {
    if (!signature || !signer.verify(text, signature)) {
      throw new PartwayError('unauthorized_request', 'The signature of this URL is not valid.')
    }
    if (clock() >= Number(expires) * 1000) {
      throw new PartwayError(
        'unauthorized_request',
        'This URL has expired. Retrieve the asset for a fresh one.',
      )
    }
  }

  return {
    /** A fresh URL of an asset's content, below `origin`. */
    url: (assetId: string, origin: string): string => contentUrl(assetId, origin, ''),

    /** A fresh URL of an asset's content at which every byte comes from us. */
    streamUrl: (assetId: string, origin: string): string => contentUrl(assetId, origin, '&stream'),

    /**
     * The asset whose content `url` (path and query) gives access to.
     *
     * @throws PartwayError `unauthorized_request` when it was altered or has expired
     */
    verify(url: string): { assetId: string; expiresAt: number; stream: boolean } {
      const [, assetId = '', expires, stream, signature] = CONTENT.exec(url) ?? []
      check(contentText(url.slice(0, url.lastIndexOf('&signature='))), signature, expires)
      return { assetId, expiresAt: Number(expires) * 1000, stream: stream !== undefined }
    },

    /** A fresh URL of a file made from an asset, below `origin`. */
    fileUrl(assetId: string, name: string, origin: string): string {
      const expires = expiry()
      const signature = signer.sign(filesText(assetId, expires))
      return `${origin}/files/${assetId}/${expires}.${signature}/${name}`
    },

    /**
     * The asset and the file that `url` (path and query) gives access to.
     *
     * @throws PartwayError `unauthorized_request` when it was altered or has expired,
     * `not_found` when no file can have that name
     */
    verifyFile(url: string): { assetId: string; name: string; expiresAt: number } {
      const [, assetId = '', expires = '', signature, name = ''] = FILE.exec(url) ?? []
      check(filesText(assetId, expires), signature, expires)
      if (!isFileName(name)) throw fileNotFound()
      return { assetId, name, expiresAt: Number(expires) * 1000 }
    },
  }
}

export const fileNotFound = () => new PartwayError('not_found', 'There is no such file.')
