import type { Asset, ListAssetsQuery } from '@partway/protocol'
import type { NamedRequest } from '../ui/request.tsx'

export function listRequests(query: ListAssetsQuery): NamedRequest[] {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of [value].flat()) given.append(name, String(item))
  }
  return [{ title: 'List assets', url: `/v1.3/assets?${given}` }]
}

export const assetRequests = ({ _id, user_metadata, url, filename }: Asset): NamedRequest[] => [
  { title: 'Read it', url: `/v1.3/assets/${_id}` },
  {
    title: 'Change its metadata; null removes a key',
    ...{ method: 'PATCH', url: `/v1.3/assets/${_id}/user-metadata` },
    body: { user_metadata: user_metadata ?? {} },
  },
  ...(url
    ? [
        {
          title: 'Download it; the URL is signed, and expires',
          url,
          flags: ['-o', shellSafe(filename)],
        },
      ]
    : []),
  { title: 'Delete it', method: 'DELETE', url: `/v1.3/assets/${_id}` },
]

/** A name for a file that no shell sees anything in. */
const shellSafe = (name: string) => name.replace(/[^\w.-]+/g, '-').replace(/^-+/, '') || 'content'
