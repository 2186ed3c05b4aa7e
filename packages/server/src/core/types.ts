import type {
  AssetMethod,
  AssetType,
  ChunkPlan,
  TechnicalMetadata,
  UserMetadata,
} from '@partway/protocol'

// Sizes are bytes and times epoch milliseconds unless the name says otherwise.

export type UploadState = 'active' | 'completed' | 'failed' | 'expired'
export type AssetState = 'processing' | 'ready' | 'failed'

/** A session: what a client said it would send, and how it is cut into chunks. */
export interface Upload extends ChunkPlan {
  /** 24 lower-case hex digits, time-ordered; also the name of its place in the store. */
  id: string
  account: string
  assetId: string
  /** `multipart`: a client sends the chunks. Otherwise we bring them ourselves. */
  method: AssetMethod
  filename: string
  type: AssetType
  /** What the store calls it: the folder's name, or S3's UploadId. */
  storeRef: string
  state: UploadState
  /** Why it failed or expired. */
  reason: string | undefined
  createdAt: number
  updatedAt: number
  expiresAt: number
}

/** How far an upload has come; kept with it, so that reading it costs nothing. */
export interface Progress {
  chunksCompleted: number
  uploadedSize: number
}

export type UploadProgress = Upload & Progress

/** A chunk that was reported and proven. Chunks nobody reported have no record. */
export interface Chunk {
  /** From 1. */
  index: number
  /** As the store gave it, normalised: no quotes, no `W/`, lower case. */
  etag: string
  size: number
  reportedAt: number
}

/** What a client says of a chunk: its evidence, not yet compared with the store. */
export interface Claim {
  index: number
  etag: string
  size: number
}

/** A complete chunk as the store holds it. */
export interface StoredChunk {
  etag: string
  size: number
}

/** The sealed bytes of an asset. */
export interface SealedObject {
  /** What the store needs to open it again. */
  ref: string
  /** Strong, changes with the bytes, without quotes. */
  etag: string
}

export type RenditionState = 'pending' | 'processing' | 'ready' | 'error'

/** Something made from an asset to be shown in its place. */
export interface Rendition {
  state: RenditionState
  /** Why there is none. */
  reason: string | undefined
}

export interface Asset {
  id: string
  account: string
  method: AssetMethod
  filename: string
  type: AssetType
  state: AssetState
  /** Why it failed. */
  reason: string | undefined
  /** 0 while the length of what is fetched is not known. */
  size: number
  /** MIME type found in the content; known after processing. */
  mimeType: string | undefined
  /** Seconds; video and audio only. */
  duration: number | undefined
  /** In the shape of the wire: no field of it means anything to us. */
  technicalMetadata: TechnicalMetadata | undefined
  /** Absent when nobody asked for it. */
  hls: Rendition | undefined
  /** Absent when nobody asked for it. */
  thumbnail: Rendition | undefined
  /** Present once the bytes are sealed. */
  object: SealedObject | undefined
  userMetadata: UserMetadata
  createdAt: number
}

/** Which assets to list; what is absent does not matter. */
export interface AssetFilter {
  ids?: string[]
  types?: AssetType[]
  /** Part of the name, whatever its case. */
  filename?: string
}

/** An API key as it is kept: the key itself is never stored. */
export interface ApiKey {
  id: string
  account: string
  name: string
  /** SHA-256 of the whole key, 64 lower-case hex digits. */
  hash: string
  createdAt: number
  revokedAt: number | undefined
}

/** A page asked for: `page` from 1, `limit` from 1 to 50. */
export interface PageRequest {
  page: number
  limit: number
}

export interface Page<T> {
  items: T[]
  total: number
}
