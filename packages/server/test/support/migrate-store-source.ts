import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sendFile, settled } from './assets-create.ts'
import { makeMp4, skipsMedia } from './media.ts'
import { upload } from './migrate-store.ts'
import { createApi, MiB } from './program-api.ts'
import { randomVideo, sha256, writeRandomFile } from './program-files.ts'

const SMALL = 185
const LARGE = 12
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=',
  'base64',
)

/**
 * Fills a server with 200 assets of every kind: 12 of two to four chunks, one with a thumbnail and a
 * stream where there is ffmpeg. Answers with the SHA-256 of each, by id.
 */
export async function fill(server: { url: string }, folder: string): Promise<Map<string, string>> {
  const api = createApi(server)
  const digests = new Map<string, string>()
  for (let i = 0; i < SMALL; i++) {
    const { name, content } = await smallFile(i, folder)
    const id = i % 5 === 0 ? await upload(api, content) : await sendFile(server, { name, content })
    digests.set(id, sha256(content))
    if (i % 7 === 0)
      await api.request('PATCH', `/assets/${id}/user-metadata`, { take: i, ok: true })
  }
  for (let i = 0; i < LARGE; i++) {
    const content = randomVideo(10 * MiB + 1 + i * 777_777)
    digests.set(await upload(api, content, `large-${i}.mp4`), sha256(content))
  }
  const film = skipsMedia ? (await smallFile(3, folder)).content : await filmOf(folder)
  for (const fields of [
    { enable_hls: 'true', enable_thumbnail: 'true' },
    { enable_thumbnail: 'true' },
    {},
  ]) {
    const id = await sendFile(server, { name: 'film.mp4', content: film }, fields)
    digests.set(id, sha256(film))
  }
  for (const id of digests.keys()) await settled(server, id)
  return digests
}

async function filmOf(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, 'film.mp4')
  makeMp4(path)
  return new Uint8Array(await readFile(path))
}

async function smallFile(
  i: number,
  folder: string,
): Promise<{ name: string; content: Uint8Array<ArrayBuffer> }> {
  if (i % 5 === 0) return { name: 'film.mp4', content: randomVideo(1000 + i * 511) }
  if (i % 5 === 1) return { name: `image-${i}.png`, content: new Uint8Array(PNG) }
  if (i % 5 === 2) {
    const text = `# Take ${i}\n`.repeat(100 + i)
    return { name: `take-${i}.md`, content: new TextEncoder().encode(text) }
  }
  const path = join(folder, `sound-${i}-${Date.now()}.wav`)
  await writeRandomFile(path, 10_000 + i * 1001)
  return { name: `sound-${i}.wav`, content: new Uint8Array(await readFile(path)) }
}
