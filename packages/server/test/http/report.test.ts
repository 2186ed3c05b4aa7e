import type { CreateUploadResponse, ReportResponse } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  finishUpload,
  golden,
  PNG,
  pathOf,
  putChunk,
  report,
  sha256,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, type World } from '../support/http-world.ts'

const BIG = Buffer.alloc(CHUNK_SIZE, 7)
const TAIL = Buffer.from('tail')

/** An upload of two chunks, both of them sent, none reported. */
async function sentUpload(world: World): Promise<CreateUploadResponse> {
  const created = await createUpload(world, { size: CHUNK_SIZE + TAIL.byteLength })
  const [first, last] = created.upload_urls
  expect((await putChunk(world, first!.url, BIG)).statusCode).toBe(200)
  expect((await putChunk(world, last!.url, TAIL)).statusCode).toBe(200)
  return created
}

describe('POST /assets/multipart-uploads/{upload_id}', () => {
  test('answers the counts, and `url` with the last chunk only', async () => {
    await using world = await createWorld()
    const { upload_id: id, asset_id } = await sentUpload(world)
    const first = await report(world, id, [claimOf(1, BIG)])
    expect(first.statusCode).toBe(200)
    expectCommonHeaders(first)
    expect(first.json()).toEqual({
      asset_id,
      processed_chunks: 1,
      duplicate_chunks: 0,
      total_completed: 1,
    })
    const last = await report(world, id, [claimOf(2, TAIL)])
    expect(last.statusCode).toBe(200)
    expect(golden(last)).toEqual({
      asset_id,
      processed_chunks: 1,
      duplicate_chunks: 0,
      total_completed: 2,
      url: `http://localhost:80/content/${asset_id}?expires=1795428000&signature=SIGNATURE`,
    })
  })

  test('gives a `url` where the bytes are, at once', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await sentUpload(world)
    const claims = [claimOf(2, TAIL), claimOf(1, BIG)]
    const { url } = (await report(world, id, claims)).json<ReportResponse>()
    const content = await world.app.inject(pathOf(url!))
    expect(content.statusCode).toBe(200)
    expect(sha256(content.rawPayload)).toBe(sha256(Buffer.concat([BIG, TAIL])))
  })

  test.each([
    ['in quotes', (etag: string) => `"${etag}"`],
    ['weak, in quotes', (etag: string) => `W/"${etag}"`],
    ['weak without quotes', (etag: string) => `W/${etag}`],
    ['weak with a quote lost, as a client strips it', (etag: string) => `W/"${etag}`],
    ['in upper case', (etag: string) => etag.toUpperCase()],
    ['in upper case and quotes', (etag: string) => `"${etag.toUpperCase()}"`],
  ])('accepts a proof %s', async (_name, spell) => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
    await putChunk(world, urls[0]!.url, TAIL)
    const response = await report(world, id, [{ ...claimOf(1, TAIL), proof: spell(sha256(TAIL)) }])
    expect(response.json<ReportResponse>()).toMatchObject({ processed_chunks: 1 })
  })

  test.each([
    ['absent', {}],
    ['null', { proof_type: null }],
    ['etag', { proof_type: 'etag' }],
  ])('takes a proof_type that is %s for etag', async (_name, type) => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
    await putChunk(world, urls[0]!.url, TAIL)
    const { proof_type: _dropped, ...claim } = claimOf(1, TAIL)
    const response = await report(world, id, [{ ...claim, ...type, unknown: 'ignored' }])
    expect(response.statusCode, response.body).toBe(200)
  })

  test('counts a repeated report as duplicates', async () => {
    await using world = await createWorld()
    const { upload_id: id, asset_id } = await sentUpload(world)
    await report(world, id, [claimOf(1, BIG)])
    const again = await report(world, id, [claimOf(1, BIG)])
    expect(again.json()).toEqual({
      asset_id,
      processed_chunks: 0,
      duplicate_chunks: 1,
      total_completed: 1,
    })
  })

  test('counts a reported chunk with another proof and size as a duplicate, unchanged', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await sentUpload(world)
    await report(world, id, [claimOf(1, BIG)])
    const lie = { chunk_index: 1, proof: 'f'.repeat(64), proof_type: 'etag', chunk_size: 9 }
    const again = await report(world, id, [lie, claimOf(2, TAIL)])
    expect(again.json()).toMatchObject({
      processed_chunks: 1,
      duplicate_chunks: 1,
      total_completed: 2,
      url: expect.any(String),
    })
    const content = await world.app.inject(pathOf(again.json<ReportResponse>().url!))
    expect(sha256(content.rawPayload)).toBe(sha256(Buffer.concat([BIG, TAIL])))
  })

  test('counts the second mention of an index in one report as a duplicate', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await sentUpload(world)
    const response = await report(world, id, [claimOf(1, BIG), claimOf(1, BIG), claimOf(1, TAIL)])
    expect(response.json()).toMatchObject({
      processed_chunks: 1,
      duplicate_chunks: 2,
      total_completed: 1,
    })
  })

  test('answers a report after completion with duplicates and `url`', async () => {
    await using world = await createWorld()
    const { uploadId, assetId } = await finishUpload(world, PNG)
    const response = await report(world, uploadId, [claimOf(1, PNG), claimOf(1, PNG)])
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({
      asset_id: assetId,
      processed_chunks: 0,
      duplicate_chunks: 2,
      total_completed: 1,
      url: expect.stringContaining(`/content/${assetId}?`),
    })
  })

  test('says when each chunk was reported in the status', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await sentUpload(world)
    world.ports.clock.advance(60_000)
    await report(world, id, [claimOf(2, TAIL)])
    world.ports.clock.advance(60_000)
    await report(world, id, [claimOf(1, BIG)])
    const { uploaded_chunks: chunks } = await statusOf(world, id)
    expect(chunks.map((chunk) => chunk.uploaded_at)).toEqual([
      '2026-11-22T10:02:00Z',
      '2026-11-22T10:01:00Z',
    ])
  })

  test('completes once when twenty clients report the same chunks together', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await sentUpload(world)
    const claims = [claimOf(1, BIG), claimOf(2, TAIL)]
    const responses = await Promise.all(Array.from({ length: 20 }, () => report(world, id, claims)))
    const bodies = responses.map((response) => response.json<ReportResponse>())
    expect(responses.map((response) => response.statusCode)).toEqual(Array(20).fill(200))
    expect(bodies.reduce((sum, body) => sum + body.processed_chunks, 0)).toBe(2)
    expect(bodies.every((body) => body.processed_chunks + body.duplicate_chunks === 2)).toBe(true)
    expect(bodies.every((body) => body.total_completed === 2 && body.url !== undefined)).toBe(true)
  })

  test('removes a completed upload from the list of incomplete ones', async () => {
    await using world = await createWorld()
    await finishUpload(world, PNG)
    const response = await world.call('GET', UPLOADS)
    expect(response.json()).toMatchObject({ data: [], page_info: { total_results: 0 } })
  })
})
