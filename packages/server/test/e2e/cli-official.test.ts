import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram, TEST_KEY } from '../support/program.ts'

const ID = '507f1f77bcf86cd799439011'
const PAGE = { limit_per_page: 10, page: 1, total_page: 1, total_results: 1 }

// What the official API documents, and none of what Partway adds to it.
const ANSWERS: Record<string, unknown> = {
  '/v1.3/assets/multipart-uploads': {
    data: [
      {
        ...{ upload_id: ID, status: 'active', total_size: 10_485_760, chunk_size: 5_242_880 },
        ...{ total_chunks: 2, created_at: '2026-01-01T10:00:00Z' },
      },
    ],
    page_info: PAGE,
  },
  [`/v1.3/assets/multipart-uploads/${ID}`]: {
    ...{ upload_id: ID, status: 'active', uploaded_chunks: [], page_info: PAGE },
    ...{ chunks_completed: 1, chunks_failed: 0, chunks_pending: 1 },
    ...{ total_size: 10_485_760, uploaded_size: 5_242_880 },
  },
}

describe('a server with the official API', () => {
  const server = createServer(({ url }, answer) => {
    const { pathname } = new URL(url!, 'http://server')
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(ANSWERS[pathname]))
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const partway = (...args: string[]) => {
    const { port } = server.address() as AddressInfo
    return runProgram(args, {
      ...{ PARTWAY_SERVER: `http://127.0.0.1:${port}`, PARTWAY_API_KEY: TEST_KEY },
    })
  }

  it('has its uploads listed, with - for what it does not tell', async () => {
    const { code, stdout, stderr } = await partway('uploads', 'list')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^${ID} +active +-/2 +10\\.0 MiB +- +-$`, 'm'))
  })

  it('has the status of an upload shown', async () => {
    const { code, stdout, stderr } = await partway('uploads', 'status', ID)

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Upload ${ID} (10.0 MiB) is active.`)
    expect(stdout).toMatch(/^ {2}asset +-$/m)
    expect(stdout).not.toContain('undefined')
  })
})
