import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Installation, OpenInstallation } from '../support/installation.ts'
import type { Program } from '../support/program.ts'
import { type Api, CHUNK, createApi, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'

const CLIENTS = 20

export function raceSentences(installation: Installation): void {
  describe.skipIf(installation.skips)(`reports at the same time on ${installation.name}`, () => {
    let opened: OpenInstallation
    let server: Program
    let api: Api

    beforeAll(async () => {
      opened = await installation.open()
      server = await opened.start()
      api = createApi(server)
    })
    afterAll(async () => {
      await server?.kill()
      await opened?.[Symbol.asyncDispose]()
    })

    it.each([
      { name: 'one chunk each, two clients for every chunk', perClient: 1 },
      { name: 'overlapping batches', perClient: 4 },
      { name: 'everything', perClient: 10 },
    ])('of 20 clients that report $name exactly one completes', async ({ perClient }) => {
      const film = randomVideo(9 * CHUNK + 4321)
      const { session, proofs } = await sendAll(api, film)
      const total = proofs.length
      const before = await opened.kept()
      const batch = (client: number) =>
        Array.from({ length: perClient }, (_, i) => proofs[(client + i) % total]!)

      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, (_, client) =>
          api.report(session.upload_id, batch(client)),
        ),
      )

      const sum = answers.reduce((count, { processed_chunks }) => count + processed_chunks, 0)
      expect(sum).toBe(total)
      for (const { processed_chunks, duplicate_chunks, total_completed, url } of answers) {
        expect(processed_chunks + duplicate_chunks).toBe(perClient)
        expect(url !== undefined).toBe(total_completed === total)
      }
      const first = answers.filter((a) => a.processed_chunks > 0 && a.total_completed === total)
      expect(first).toHaveLength(1)
      const later = await Promise.all(
        Array.from({ length: CLIENTS }, (_, client) =>
          api.report(session.upload_id, batch(client)),
        ),
      )
      for (const answer of later) {
        expect(answer).toMatchObject({ processed_chunks: 0, duplicate_chunks: perClient })
        expect(answer.url).toContain(session.asset_id)
      }
      expect(await fetchSha256(first[0]!.url!)).toBe(sha256(film))
      const { objects, uploads } = await opened.kept()
      expect(objects.toSorted()).toEqual([...before.objects, session.asset_id].toSorted())
      expect(uploads).toBe(0)
      expect(server.stderr()).not.toContain('"level":50')
    })
  })
}
