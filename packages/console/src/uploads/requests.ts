import type { ShownRequest } from '../lib/curl.ts'
import type { NamedRequest } from '../ui/request.tsx'

export const UPLOADS = '/v1.3/assets/multipart-uploads'

export const statusRequest = (id: string): ShownRequest => ({
  url: `${UPLOADS}/${id}?page=1&page_limit=50`,
})

export const abortRequest = (id: string): ShownRequest => ({
  ...{ method: 'DELETE', url: `${UPLOADS}/${id}` },
})

export const listRequests = (page: number, limit: number): NamedRequest[] => [
  {
    title: 'List uploads that are not completed',
    url: `${UPLOADS}?page=${page}&page_limit=${limit}`,
  },
  { title: 'Be told what changes', url: '/v1.3/events', flags: ['-N'] },
  { title: 'Abort one', ...abortRequest('UPLOAD_ID') },
]

export const detailRequests = (id: string): NamedRequest[] => [
  { title: 'Which chunks are there', url: `${UPLOADS}/${id}/chunk-map` },
  { title: 'The status, chunk by chunk', ...statusRequest(id) },
  { title: 'Abort it', ...abortRequest(id) },
]
