import type { Wishes } from '../lib/unfinished.ts'
import type { NamedRequest } from '../ui/request.tsx'

const UPLOADS = '/v1.3/assets/multipart-uploads'

/** What an upload consists of, in order. */
export function uploadRequests(wishes: Wishes): NamedRequest[] {
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
      ...{ method: 'POST', url: `${UPLOADS}/UPLOAD_ID` },
      body: {
        completed_chunks: [
          { chunk_index: 1, proof: 'ETAG', proof_type: 'etag', chunk_size: 5_242_880 },
        ],
      },
    },
  ]
}
