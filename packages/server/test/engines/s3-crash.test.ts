import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CRASH_SERVER, CRASH_VARIABLE, type CrashStep } from '../support/crash-steps.ts'
import { startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'
import { makeBucket, s3Environment, s3Missing, s3Url } from '../support/s3.ts'

const STEPS: CrashStep[] = [
  ...(['after the report is recorded', 'between record and seal'] as const),
  ...(['after seal', 'before the answer'] as const),
]

describe.skipIf(s3Missing)('a server on Ceph that is killed', () => {
  it.each(STEPS)('%s leaves nothing that the next start does not finish', async (step) => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'data')
    const env = { ...s3Environment(), PARTWAY_STORE_URL: s3Url(await makeBucket()) }
    const film = randomVideo(2 * CHUNK + 1)
    await using crashing = await startProgram({
      ...{ data, command: CRASH_SERVER, env: { ...env, [CRASH_VARIABLE]: step } },
    })
    const { session, proofs } = await sendAll(createApi(crashing), film)
    await expect(createApi(crashing).report(session.upload_id, proofs)).rejects.toThrow()
    expect(await crashing.ended).toBeNull()

    await using next = await startProgram({ data, env })

    const api = createApi(next)
    await expect
      .poll(() => api.status(session.upload_id), { timeout: 10_000 })
      .toMatchObject({ status: 'completed' })
    const repeated = await api.report(session.upload_id, proofs)
    expect(repeated).toMatchObject({ total_completed: 3, duplicate_chunks: 3 })
    expect(await fetchSha256(repeated.url!)).toBe(sha256(film))
    expect((await api.assets()).data).toHaveLength(1)
  })
})
