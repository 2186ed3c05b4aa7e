import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { conformanceSentences } from '../installation/conformance.ts'
import { embedded } from '../support/installation.ts'
import { startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, sendAll } from '../support/program-api.ts'
import { randomVideo, storeOf } from '../support/program-files.ts'

conformanceSentences(embedded)

it('10 of the conformance checklist: an answer with 500 has a code and a message as well', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({ data: join(folder.path, 'data') })
  const api = createApi(server)
  const { session, proofs } = await sendAll(api, randomVideo(CHUNK + 1))
  await api.report(session.upload_id, [proofs[0]!])
  // What was proven disappears behind the server's back: no request can be blamed for that.
  const store = storeOf(server.data)
  const lost = (await store.bodies(session.upload_id)).find((name) => name.startsWith('1.'))!
  await rm(join(store.path, 'uploads', session.upload_id, lost))

  const { status, body } = await api.request(
    'POST',
    `/assets/multipart-uploads/${session.upload_id}`,
    { completed_chunks: [proofs[1]] },
  )

  expect({ status, body }).toMatchObject({
    ...{ status: 500, body: { code: 'generic_error', message: expect.stringMatching(/\w/) } },
  })
  expect(JSON.stringify(body)).not.toContain(server.data)
})
