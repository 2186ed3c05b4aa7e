import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, putChunk, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256, storeOf } from '../support/program-files.ts'

const GRACE_MS = 1500
const SWEEPING = { PARTWAY_GRACE_PERIOD: `${GRACE_MS}ms`, PARTWAY_SWEEP_INTERVAL: '200ms' }
const SOON = { timeout: 30_000 }

it('frees the bytes of an expired upload after the grace period', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({
    ...{ data: folder.path, env: { ...SWEEPING, PARTWAY_UPLOAD_TTL: '6s' } },
  })
  const api = createApi(server)
  const store = storeOf(server.data)
  const { session, proofs, chunks } = await sendAll(api, randomVideo(CHUNK + 1))
  await api.report(session.upload_id, [proofs[0]!])

  await expect.poll(async () => (await api.asset(session.asset_id)).status, SOON).toBe('failed')
  await expect.poll(() => store.uploads(), SOON).toEqual([])
  expect(Date.now() - Date.parse(session.expires_at)).toBeGreaterThanOrEqual(GRACE_MS)

  const status = await api.status(session.upload_id)
  expect(status).toMatchObject({ status: 'expired', chunks_completed: 1, chunks_failed: 1 })
  expect(status.uploaded_chunks[1]).toMatchObject({ error: expect.stringContaining('in time') })
  const report = { completed_chunks: proofs }
  const late = await api.request('POST', `/assets/multipart-uploads/${session.upload_id}`, report)
  expect(late).toMatchObject({ status: 400, body: { message: expect.stringContaining('expired') } })
  expect((await putChunk(session.upload_urls[1]!.url, chunks[1]!)).status).toBeOneOf([403, 404])
})

it('hides a deleted asset at once and frees its bytes after the grace period', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({ data: folder.path, env: SWEEPING })
  const api = createApi(server)
  const store = storeOf(server.data)
  const [gone, kept] = [randomVideo(CHUNK + 1), randomVideo(1000)]
  const doomed = await sendAll(api, gone)
  const { url } = await api.report(doomed.session.upload_id, doomed.proofs)
  const neighbour = await sendAll(api, kept)
  const { url: live } = await api.report(neighbour.session.upload_id, neighbour.proofs)
  const path = `/assets/${doomed.session.asset_id}`

  const deleted = Date.now()
  expect((await api.request('DELETE', path)).status).toBe(204)

  expect((await api.request('GET', path)).status).toBe(404)
  expect((await fetch(url!)).status).toBe(404)
  await expect.poll(() => store.objects(), SOON).toEqual([neighbour.session.asset_id])
  expect(Date.now() - deleted).toBeGreaterThanOrEqual(GRACE_MS)
  expect(await fetchSha256(live!)).toBe(sha256(kept))
})

it('frees the bytes of an aborted upload after the grace period', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({ data: folder.path, env: SWEEPING })
  const api = createApi(server)
  const { session } = await sendAll(api, randomVideo(1000))
  const path = `/assets/multipart-uploads/${session.upload_id}`
  expect(await storeOf(server.data).bodies(session.upload_id)).toHaveLength(1)

  const aborted = Date.now()
  expect((await api.request('DELETE', path)).status).toBe(204)

  await expect.poll(() => storeOf(server.data).uploads(), SOON).toEqual([])
  expect(Date.now() - aborted).toBeGreaterThanOrEqual(GRACE_MS)
})

it('frees bytes also when the store was away while their time came', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({ data: folder.path, env: SWEEPING })
  const api = createApi(server)
  const { path, objects } = storeOf(server.data)
  const { session, proofs } = await sendAll(api, randomVideo(1000))
  await api.report(session.upload_id, proofs)

  await api.request('DELETE', `/assets/${session.asset_id}`)
  await rename(path, `${path}.away`)
  await sleep(GRACE_MS + 1000)
  expect(await readdir(join(`${path}.away`, 'objects'))).toEqual([session.asset_id])
  await rename(`${path}.away`, path)

  await expect.poll(objects, SOON).toEqual([])
})
