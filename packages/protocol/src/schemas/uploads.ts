import { type Static, Type } from 'typebox'
import { MAX_BATCH } from '../chunks.ts'
import { AssetType, UserMetadataInput } from './assets.ts'
import { date, Filename, id, int, optional, PageInfo, ref } from './common.ts'

export const UploadStatus = Type.Enum(['active', 'completed', 'failed', 'expired'], {
  description:
    '`active`: send chunks. `completed`: the file is stored. `failed`, `expired`: start a new upload.',
})
export type UploadStatus = Static<typeof UploadStatus>

export const ChunkStatus = Type.Enum(['completed', 'pending', 'failed'], {
  description: '`completed`: uploaded and reported. `pending`: not reported. `failed`: send again.',
})

export const UploadParams = Type.Object({
  upload_id: Type.String({
    pattern: '^[0-9a-f]{24}$',
    description: 'The unique identifier of the upload.',
  }),
})

export const PresignedURLChunk = Type.Object(
  {
    chunk_index: int('The chunk, from 1.'),
    url: Type.String({ format: 'uri', description: 'PUT the bytes of the chunk here.' }),
    expires_at: date('When the URL stops working.'),
  },
  { $id: 'PresignedURLChunk' },
)
export type PresignedURLChunk = Static<typeof PresignedURLChunk>

export const CreateUploadRequest = Type.Object(
  {
    filename: Filename,
    type: AssetType,
    total_size: int('The size of the file in bytes.', { minimum: 1 }),
    enable_hls: optional(
      Type.Boolean(),
      'Make an HLS stream of it; video and audio only, ignored for others.',
    ),
    enable_thumbnail: optional(Type.Boolean(), 'Make a picture of it.'),
    user_metadata: optional(UserMetadataInput),
  },
  { $id: 'CreateAssetUploadRequest' },
)
export type CreateUploadRequest = Static<typeof CreateUploadRequest>

export const CreateUploadResponse = Type.Object(
  {
    upload_id: id('The upload, for every further call.'),
    asset_id: id('The asset this upload becomes.'),
    upload_urls: Type.Array(ref(PresignedURLChunk)),
    upload_headers: Type.Record(Type.String(), Type.String(), {
      description: 'Headers to send with every chunk.',
    }),
    chunk_size: int('Bytes of every chunk but the last.'),
    total_chunks: int('How many chunks there are.'),
    expires_at: date('When the upload can no longer be resumed.'),
  },
  { $id: 'CreateAssetUploadResponse' },
)
export type CreateUploadResponse = Static<typeof CreateUploadResponse>

export const PresignRequest = Type.Object(
  {
    start: int('The first chunk to presign.', { minimum: 1 }),
    count: int('How many URLs; a range past the last chunk is clipped.', {
      minimum: 1,
      maximum: MAX_BATCH,
    }),
  },
  { $id: 'RequestAdditionalPresignedURLsRequest' },
)
export type PresignRequest = Static<typeof PresignRequest>

export const PresignResponse = Type.Object(
  {
    upload_id: id('The upload.'),
    start_index: int('The `start` of the request.'),
    count: int('How many URLs were made.'),
    upload_urls: Type.Array(ref(PresignedURLChunk)),
    generated_at: date('When the URLs were made.'),
    expires_at: date('When they stop working.'),
  },
  { $id: 'RequestAdditionalPresignedURLsResponse' },
)
export type PresignResponse = Static<typeof PresignResponse>

export const ReportRequest = Type.Object(
  {
    completed_chunks: Type.Array(
      Type.Object({
        chunk_index: int('The chunk, from 1.', { minimum: 1 }),
        proof: Type.String({ minLength: 1, description: 'The ETag that the PUT answered.' }),
        proof_type: optional(Type.Enum(['etag'])),
        chunk_size: int('The bytes that were sent.', { minimum: 1 }),
      }),
      { minItems: 1, maxItems: MAX_BATCH },
    ),
  },
  { $id: 'ReportChunkBatchRequest' },
)
export type ReportRequest = Static<typeof ReportRequest>

export const ReportResponse = Type.Object(
  {
    asset_id: id('The asset.'),
    processed_chunks: int('Chunks of this report that were new.'),
    duplicate_chunks: int('Chunks of this report that were known already.'),
    total_completed: int('Chunks reported so far.'),
    url: Type.Optional(
      Type.String({
        format: 'uri',
        description: 'Where the content is; present once the upload is complete.',
      }),
    ),
  },
  { $id: 'ReportChunkBatchResponse' },
)
export type ReportResponse = Static<typeof ReportResponse>

export const UploadSummary = Type.Object(
  {
    upload_id: id('The upload.'),
    asset_id: id('The asset it becomes. (Partway only.)'),
    filename: Type.String({ description: '(Partway only.)' }),
    status: UploadStatus,
    total_size: int('Bytes of the file.'),
    chunk_size: int('Bytes of every chunk but the last.'),
    total_chunks: int('How many chunks there are.'),
    chunks_completed: int('Chunks reported. (Partway only.)'),
    uploaded_size: int('Bytes reported. (Partway only.)'),
    created_at: date('When it was created.'),
    expires_at: date('When it can no longer be resumed.'),
  },
  { $id: 'IncompleteUploadSummary' },
)
export type UploadSummary = Static<typeof UploadSummary>

export const UploadList = Type.Object(
  { data: Type.Array(ref(UploadSummary)), page_info: ref(PageInfo) },
  { $id: 'ListIncompleteUploadsResponse' },
)
export type UploadList = Static<typeof UploadList>

const ChunkRange = Type.Unsafe<[first: number, last: number]>(
  Type.Array(Type.Integer(), { minItems: 2, maxItems: 2 }),
)
const ChunkRanges = (description: string) => Type.Array(ChunkRange, { description })

export const ChunkMap = Type.Object(
  {
    upload_id: id('The upload.'),
    status: UploadStatus,
    total_chunks: int('How many chunks there are.'),
    chunk_size: int('Bytes of every chunk but the last.'),
    total_size: int('Bytes of the file.'),
    completed: ChunkRanges('First and last index of each run of reported chunks, ascending.'),
    failed: ChunkRanges('The same of chunks that can no longer be sent. All others are pending.'),
  },
  { $id: 'UploadChunkMap', description: 'All chunks of an upload at once. (Partway only.)' },
)
export type ChunkMap = Static<typeof ChunkMap>

export const ChunkInfo = Type.Object(
  {
    index: int('The chunk, from 1.'),
    status: ChunkStatus,
    uploaded_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When it was reported; null until then.',
    }),
    updated_at: date('When its status last changed.'),
    error: Type.Optional(Type.String({ description: 'Why it failed.' })),
  },
  { $id: 'ChunkInfo' },
)
export type ChunkInfo = Static<typeof ChunkInfo>

export const UploadDetail = Type.Object(
  {
    upload_id: id('The upload.'),
    asset_id: id('The asset it becomes. (Partway only.)'),
    filename: Type.String({ description: '(Partway only.)' }),
    status: UploadStatus,
    uploaded_chunks: Type.Array(ref(ChunkInfo), { description: 'Every chunk, by page.' }),
    chunks_completed: int('Chunks reported.'),
    chunks_failed: int('Chunks that can no longer be sent.'),
    chunks_pending: int('Chunks not reported yet.'),
    total_chunks: int('How many chunks there are.'),
    chunk_size: int('Bytes of every chunk but the last. (Partway only.)'),
    page_info: ref(PageInfo),
    total_size: int('Bytes of the file.'),
    uploaded_size: int('Bytes reported.'),
    created_at: date('When it was created.'),
    updated_at: date('When it last changed.'),
    expires_at: date('When it can no longer be resumed. (Partway only.)'),
  },
  { $id: 'UploadStatusResponse' },
)
export type UploadDetail = Static<typeof UploadDetail>
