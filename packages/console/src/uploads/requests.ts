import type { NamedRequest } from '../ui/request.tsx'

const UPLOADS = '/v1.3/assets/multipart-uploads'

export const listRequests = (page: number, limit: number): NamedRequest[] => [
  {
    title: 'List uploads that are not completed',
    url: `${UPLOADS}?page=${page}&page_limit=${limit}`,
  },
  { title: 'Be told what changes', url: '/v1.3/events', flags: ['-N'] },
]

export const detailRequests = (id: string): NamedRequest[] => [
  { title: 'Which chunks are there', url: `${UPLOADS}/${id}/chunk-map` },
  { title: 'The status, chunk by chunk', url: `${UPLOADS}/${id}?page=1&page_limit=50` },
  { title: 'Abort it', method: 'DELETE', url: `${UPLOADS}/${id}` },
]
