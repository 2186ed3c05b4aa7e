import { ErrorBody, type PageQuery, ref, type UserMetadataInput } from '@partway/protocol/schemas'
import type { Wishes } from '../core/new-asset.ts'
import type { PageRequest } from '../core/types.ts'

const TEXT: Record<number, string> = {
  400: 'The request has failed: a parameter is missing or invalid, or the state forbids it.',
  401: 'The API key is missing, wrong or revoked.',
  403: 'The request has failed. Partway answers 404 instead; declared because the API does.',
  404: 'It does not exist, or belongs to another account.',
  409: 'Something is in the way. Partway never answers this; declared because the API does.',
  408: 'The connection broke before the form had come.',
  413: 'The body is over 1 MiB.',
  429: 'Too many at once. Repeat the request later.',
  500: 'The request has failed; the request id leads to the log.',
  503: 'The database or the store cannot answer right now. Repeat the request.',
  507: 'The store is full. Repeat the request when there is room.',
}

/** The error answers of a route, for validation, serialization and OpenAPI. */
export function errors(...statuses: number[]) {
  return Object.fromEntries(
    statuses.map((status) => [status, { ...ref(ErrorBody), description: TEXT[status] }]),
  )
}

/** What may be asked for however an asset is created. */
export function wishesOf(body: {
  user_metadata?: UserMetadataInput | null
  enable_hls?: boolean | null
  enable_thumbnail?: boolean | null
}): Wishes {
  return {
    userMetadata: body.user_metadata ?? {},
    hls: body.enable_hls ?? false,
    thumbnail: body.enable_thumbnail ?? false,
  }
}

export function pageRequest({ page, page_limit }: PageQuery): PageRequest {
  return { page: page ?? 1, limit: page_limit ?? 10 }
}
