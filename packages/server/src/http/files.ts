import type { Assets } from '../core/assets.ts'
import { sendBytes } from './content.ts'
import type { App } from './types.ts'

const MIME_TYPES: Record<string, string> = {
  m3u8: 'application/vnd.apple.mpegurl',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
}

/**
 * The files made from assets, such as playlists and their segments, at their signed URLs. The
 * signature is part of the path, so that the names in a playlist lead to URLs that carry it too.
 */
export function fileRoutes(app: App, assets: Assets, stallTimeoutMs: number): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/files/:asset_id/:authority/:name',
    schema: { hide: true },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const file = await assets.file(request.url)
      const extension = file.name.slice(file.name.lastIndexOf('.') + 1)
      const headers = { 'content-type': MIME_TYPES[extension] ?? 'application/octet-stream' }
      return sendBytes(file, headers, request, reply, stallTimeoutMs)
    },
  })
}
