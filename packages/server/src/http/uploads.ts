import { MAX_BATCH, PartwayError } from '@partway/protocol'
import {
  ChunkMap,
  CreateUploadRequest,
  CreateUploadResponse,
  PageQuery,
  PresignRequest,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  ref,
  UploadDetail,
  UploadList,
  UploadParams,
} from '@partway/protocol/schemas'
import { Type } from 'typebox'
import type { Clock } from '../core/ports.ts'
import type { Uploads } from '../core/uploads.ts'
import { errors, pageRequest, wishesOf } from './common.ts'
import { chunkMap, date, pageInfo, presignedChunk, uploadDetail, uploadSummary } from './present.ts'
import type { App } from './types.ts'

const tags = ['Multipart uploads']

/** Contract section 2: M1 to M5, and abort. */
export function uploadRoutes(app: App, uploads: Uploads, clock: Clock): void {
  app.post(
    '/assets/multipart-uploads',
    {
      schema: {
        operationId: 'create-multipart-upload',
        summary: 'Create an upload',
        tags,
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              description: `(Partway only.) The same key and body within 24 hours give the same upload; 1 to 255 characters.`,
            }),
          ),
        }),
        body: ref(CreateUploadRequest),
        response: { 201: ref(CreateUploadResponse), ...errors(400, 401, 403, 413, 500, 503, 507) },
      },
    },
    async (request, reply) => {
      const { filename, type, total_size: totalSize } = request.body
      const idempotencyKey = checkedKey(request.headers['idempotency-key'])
      const input = {
        ...{ account: request.account, filename, type, totalSize, idempotencyKey },
        wishes: wishesOf(request.body),
      }
      const { upload, chunks } = await uploads.create(input, request.origin())
      return reply.status(201).send({
        upload_id: upload.id,
        asset_id: upload.assetId,
        upload_urls: chunks.map(presignedChunk),
        // What the official SDKs send whatever stands here (contract section 2, M6).
        upload_headers: { 'Content-Type': 'application/octet-stream' },
        chunk_size: upload.chunkSize,
        total_chunks: upload.totalChunks,
        expires_at: date(upload.expiresAt),
      })
    },
  )

  app.get(
    '/assets/multipart-uploads',
    {
      schema: {
        operationId: 'list-incomplete-uploads',
        summary: 'List uploads that are not completed, newest first',
        tags,
        querystring: PageQuery,
        response: { 200: ref(UploadList), ...errors(400, 401, 403, 500, 503) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query)
      const { items, total } = await uploads.list(request.account, page)
      const now = clock()
      return {
        data: items.map((upload) => uploadSummary(upload, now)),
        page_info: pageInfo(page, total),
      }
    },
  )

  app.get(
    '/assets/multipart-uploads/:upload_id',
    {
      schema: {
        operationId: 'get-upload-status',
        summary: 'Retrieve the status of an upload and its chunks',
        tags,
        params: UploadParams,
        querystring: PageQuery,
        response: { 200: ref(UploadDetail), ...errors(400, 401, 403, 404, 500, 503) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query)
      const detail = await uploads.status(request.account, request.params.upload_id, page)
      return uploadDetail(detail, page, clock())
    },
  )

  app.get(
    '/assets/multipart-uploads/:upload_id/chunk-map',
    {
      schema: {
        operationId: 'get-upload-chunk-map',
        summary: 'Retrieve which chunks are reported, as ranges (Partway only)',
        tags,
        params: UploadParams,
        response: { 200: ref(ChunkMap), ...errors(400, 401, 403, 404, 500, 503) },
      },
    },
    async ({ account, params }) =>
      chunkMap(await uploads.chunkMap(account, params.upload_id), clock()),
  )

  app.post(
    '/assets/multipart-uploads/:upload_id',
    {
      schema: {
        operationId: 'report-chunk-batch',
        summary: 'Report uploaded chunks; the last report completes the upload',
        description: `At most ${MAX_BATCH} chunks, all or nothing. Repeating a report is harmless.`,
        tags,
        params: UploadParams,
        body: ref(ReportRequest),
        response: {
          200: ref(ReportResponse),
          ...errors(400, 401, 403, 404, 413, 500, 503, 507),
        },
      },
    },
    async (request) => {
      const claims = request.body.completed_chunks.map(({ chunk_index, proof, chunk_size }) => ({
        index: chunk_index,
        etag: proof,
        size: chunk_size,
      }))
      const { upload_id: id } = request.params
      const result = await uploads.report(request.account, id, claims, request.origin())
      return {
        asset_id: result.assetId,
        processed_chunks: result.added,
        duplicate_chunks: result.duplicates,
        total_completed: result.chunksCompleted,
        // The SDKs take any `url` as the end of the upload, so it is absent until then.
        ...(result.url === undefined ? {} : { url: result.url }),
      }
    },
  )

  app.post(
    '/assets/multipart-uploads/:upload_id/presigned-urls',
    {
      schema: {
        operationId: 'get-additional-presigned-urls',
        summary: 'Request presigned URLs for the remaining chunks',
        tags,
        params: UploadParams,
        body: ref(PresignRequest),
        response: { 200: ref(PresignResponse), ...errors(400, 401, 403, 404, 413, 500, 503) },
      },
    },
    async (request) => {
      const { upload_id: id } = request.params
      const { account, body } = request
      const { generatedAt, chunks } = await uploads.presign(account, id, body, request.origin())
      return {
        upload_id: id,
        start_index: body.start,
        count: chunks.length,
        upload_urls: chunks.map(presignedChunk),
        generated_at: date(generatedAt),
        expires_at: date(chunks[0]!.expiresAt),
      }
    },
  )

  app.delete(
    '/assets/multipart-uploads/:upload_id',
    {
      schema: {
        operationId: 'abort-upload',
        summary: 'Abort an upload (Partway only)',
        tags,
        params: UploadParams,
        response: { 204: Type.Null(), ...errors(400, 401, 403, 404, 500, 503) },
      },
    },
    async (request, reply) => {
      await uploads.abort(request.account, request.params.upload_id)
      return reply.status(204).send(null)
    },
  )
}

function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new PartwayError(
    'parameter_invalid',
    `The \`Idempotency-Key\` header is invalid. It takes 1 to 255 printable ASCII characters; received ${key.length}.`,
  )
}
