import { setTimeout } from 'node:timers/promises'
import type { Asset } from '@partway/protocol'
import { TEST_KEY } from './program.ts'
import { createApi } from './program-api.ts'

interface Server {
  url: string
}

interface SentFile {
  name: string
  content: Uint8Array<ArrayBuffer>
}

/** What most tests ask for. */
export const RENDITIONS = { enable_hls: 'true', enable_thumbnail: 'true' }

/** Sends the form that makes an asset, as a browser would; returns whatever is answered. */
function postAsset(
  { url }: Server,
  fields: Record<string, string>,
  file?: SentFile,
): Promise<Response> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  if (file) form.set('file', new Blob([file.content]), file.name)
  const headers = { 'x-api-key': TEST_KEY }
  return fetch(`${url}/v1.3/assets`, { method: 'POST', body: form, headers })
}

/** Creates an asset from a file; returns its id. */
export const sendFile = (server: Server, file: SentFile, fields: Record<string, string> = {}) =>
  idOf(postAsset(server, { method: 'direct', ...fields }, file))

/** Creates an asset from a URL; returns its id. */
export const importUrl = (server: Server, url: string, fields: Record<string, string> = {}) =>
  idOf(postAsset(server, { method: 'url', url, ...fields }))

async function idOf(answer: Promise<Response>): Promise<string> {
  const response = await answer
  const text = await response.text()
  if (response.status !== 201) throw new Error(`POST /assets: ${response.status} ${text}`)
  return (JSON.parse(text) as Asset)._id
}

/** What is settled does not change any more on its own. */
function isSettled({ status, hls, thumbnail }: Asset): boolean {
  const open = [hls?.status, thumbnail?.status].some((s) => s === 'pending' || s === 'processing')
  return status !== 'processing' && !open
}

/** Waits until an asset and what is made of it are finished, one way or the other. */
export async function settled(server: Server, id: string, timeoutMs = 60_000): Promise<Asset> {
  const api = createApi(server)
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const asset = await api.asset(id)
    if (isSettled(asset)) return asset
    if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify(asset)}`)
    await setTimeout(100)
  }
}
