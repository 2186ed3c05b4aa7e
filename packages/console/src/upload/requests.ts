import type { Wishes } from '../lib/unfinished.ts'
import type { NamedRequest } from '../ui/request.tsx'
import { abortRequest, statusRequest, UPLOADS } from '../uploads/requests.ts'

/** What an upload consists of, in order. */
export function uploadRequests(wishes: Wishes): NamedRequest[] {
  const id = 'UPLOAD_ID'
  return [
    {
      title: '1. Create: ids, the chunk plan and the first URLs',
      ...{ method: 'POST', url: UPLOADS },
      body: {
        ...{ filename: 'film.mp4', type: wishes.type ?? 'video', total_size: 104_857_600 },
        ...(wishes.enableHls ? { enable_hls: true } : {}),
        ...(wishes.enableThumbnail ? { enable_thumbnail: true } : {}),
        ...(wishes.userMetadata ? { user_metadata: wishes.userMetadata } : {}),
      },
    },
    {
      title: '2. Send a chunk to its URL; the answer has its ETag',
      ...{ method: 'PUT', url: 'https://URL_OF_THE_CHUNK', flags: ['-T', 'chunk-1', '-D', '-'] },
    },
    {
      title: '3. Report it; the last report answers with the URL of the content',
      ...{ method: 'POST', url: `${UPLOADS}/${id}` },
      body: {
        completed_chunks: [
          { chunk_index: 1, proof: 'ETAG', proof_type: 'etag', chunk_size: 5_242_880 },
        ],
      },
    },
    {
      title: 'More URLs, from a chunk on; also for URLs that have expired',
      ...{ method: 'POST', url: `${UPLOADS}/${id}/presigned-urls` },
      body: { start: 1, count: 10 },
    },
    { title: 'Go on: what has arrived is not sent again', ...statusRequest(id) },
    { title: 'Cancel or discard it', ...abortRequest(id) },
  ]
}
