import type { TSchema } from 'typebox'
import {
  Asset,
  AssetList,
  CreateAssetFields,
  Hls,
  ImportProgress,
  Thumbnail,
  UserMetadataRequest,
} from './schemas/assets.ts'
import { ErrorBody, PageInfo } from './schemas/common.ts'
import { AudioStream, TechnicalMetadata, VideoStream } from './schemas/technical-metadata.ts'
import {
  ChunkInfo,
  ChunkMap,
  CreateUploadRequest,
  CreateUploadResponse,
  PresignedURLChunk,
  PresignRequest,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  UploadDetail,
  UploadList,
  UploadSummary,
} from './schemas/uploads.ts'

export * from './schemas/assets.ts'
export { ErrorBody, Filename, PageInfo, PageQuery, ref } from './schemas/common.ts'
export * from './schemas/technical-metadata.ts'
export * from './schemas/uploads.ts'

/** Every schema with an `$id`, by the name OpenAPI shows it under. */
export const NAMED_SCHEMAS: readonly TSchema[] = [
  ErrorBody,
  PageInfo,
  PresignedURLChunk,
  CreateUploadRequest,
  CreateUploadResponse,
  PresignRequest,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  UploadSummary,
  UploadList,
  ChunkInfo,
  ChunkMap,
  UploadDetail,
  VideoStream,
  AudioStream,
  TechnicalMetadata,
  Hls,
  Thumbnail,
  ImportProgress,
  CreateAssetFields,
  Asset,
  AssetList,
  UserMetadataRequest,
]
