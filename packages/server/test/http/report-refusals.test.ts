import { describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  putChunk,
  report,
  sha256,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const TAIL = Buffer.from('tail')
const GOOD = claimOf(60, TAIL)
const OTHER = 'e'.repeat(64)

/** An upload of 60 chunks, of which only the last was sent. */
async function sixty() {
  const world = await createWorld()
  const { upload_id: id } = await createUpload(world, { size: 59 * CHUNK_SIZE + TAIL.byteLength })
  const presigned = await world.call('POST', `${UPLOADS}/${id}/presigned-urls`, {
    body: { start: 60, count: 1 },
  })
  const [{ url }] = presigned.json<{ upload_urls: [{ url: string }] }>().upload_urls
  expect((await putChunk(world, url, TAIL)).statusCode).toBe(200)
  return { world, id, [Symbol.asyncDispose]: () => world.app.close() }
}

const full = (index: number, proof = OTHER) => ({
  ...{ chunk_index: index, proof, proof_type: 'etag' },
  chunk_size: CHUNK_SIZE,
})

type Row = [name: string, claims: unknown, words: (string | number)[]]

const UNTRUE: Row[] = [
  ['a chunk that was never uploaded', [full(1)], ['chunk 1 ', 'not uploaded']],
  ['two of them beside a true one', [full(7), GOOD, full(12)], ['chunk 7 ', 'chunk 12 ']],
  ['a wrong etag', [{ ...GOOD, proof: OTHER }], ['chunk 60 ', 'proof']],
  ["another chunk's etag", [full(3, sha256(TAIL))], ['chunk 3 ']],
  ['a size below the real one', [{ ...GOOD, chunk_size: 3 }], ['chunk 60 ', '4 bytes', 'not 3']],
  ['a size above the real one', [{ ...GOOD, chunk_size: 5 }], ['chunk 60 ', '4 bytes', 'not 5']],
  [
    'an index past the last chunk',
    [GOOD, { ...full(61) }],
    ['chunk 61 ', '60 chunks', '`completed_chunks`'],
  ],
  [
    'several indexes past the last chunk',
    [full(61), full(1_000_000)],
    ['chunk 61 ', 'chunk 1000000 '],
  ],
  [
    'fifty chunks that were never uploaded',
    Array.from({ length: 50 }, (_, i) => full(i + 1)),
    Array.from({ length: 50 }, (_, i) => `chunk ${i + 1} `),
  ],
  [
    'every kind of fault at once',
    [full(1), { ...GOOD, chunk_size: 3 }, full(61)],
    ['chunk 1 ', 'chunk 60 ', 'chunk 61 '],
  ],
]

const path = (rest: string) => `\`completed_chunks${rest}\``

const MALFORMED: Row[] = [
  ['an empty list', [], [path(''), '1 item', 'received 0 items']],
  ['51 chunks', Array(51).fill(GOOD), [path(''), '50 items', 'received 51 items']],
  ['an object for the list', { 0: GOOD }, [path(''), 'array']],
  ['null for the list', null, [path(''), 'array', 'received null']],
  ['an index of 0', [GOOD, { ...GOOD, chunk_index: 0 }], [path('.1.chunk_index'), '>= 1', 0]],
  ['a negative index', [{ ...GOOD, chunk_index: -1 }], [path('.0.chunk_index'), '>= 1', -1]],
  ['a fractional index', [{ ...GOOD, chunk_index: 1.5 }], [path('.0.chunk_index'), 'integer']],
  ['an index in text', [{ ...GOOD, chunk_index: '60' }], [path('.0.chunk_index'), '"60"']],
  ['an empty proof', [{ ...GOOD, proof: '' }], [path('.0.proof'), '1 character', '""']],
  ['a proof that is a number', [{ ...GOOD, proof: 5 }], [path('.0.proof'), 'string', 'received 5']],
  ['a proof of null', [{ ...GOOD, proof: null }], [path('.0.proof'), 'string', 'received null']],
  [
    'an unknown proof_type',
    [{ ...GOOD, proof_type: 'md5' }],
    [path('.0.proof_type'), 'etag', '"md5"'],
  ],
  ['a size of 0', [{ ...GOOD, chunk_size: 0 }], [path('.0.chunk_size'), '>= 1', 'received 0']],
  ['a size in text', [{ ...GOOD, chunk_size: '4' }], [path('.0.chunk_size'), 'integer', '"4"']],
  ['a chunk that is a number', [60], [path('.0'), 'object', 'received 60']],
  [
    'two malformed chunks beside a good one',
    [{ ...GOOD, chunk_size: 0 }, GOOD, { ...GOOD, proof_type: 'crc' }],
    [path('.0.chunk_size'), path('.2.proof_type')],
  ],
]

const INCOMPLETE: Row[] = [
  ['no list', undefined, [path('')]],
  ['no index', [{ proof: OTHER, chunk_size: 4 }], [path('.0.chunk_index')]],
  ['no proof', [GOOD, { chunk_index: 60, chunk_size: 4 }], [path('.1.proof')]],
  ['no size', [{ chunk_index: 60, proof: sha256(TAIL) }], [path('.0.chunk_size')]],
]

describe('a report is refused, and nothing of it recorded, for', () => {
  test.each(UNTRUE)('%s', async (_name, claims, words) => {
    await using upload = await sixty()
    const { world, id } = upload
    expectError(await report(world, id, claims), 400, 'parameter_invalid', ...words)
    expect(await statusOf(world, id)).toMatchObject({
      status: 'active',
      chunks_completed: 0,
      chunks_failed: 0,
      uploaded_size: 0,
      updated_at: '2026-11-22T10:00:00Z',
    })
    // A wrong report does no harm: what is true can still be reported.
    const response = await report(world, id, [GOOD])
    expect(response.json()).toMatchObject({ processed_chunks: 1, total_completed: 1 })
  })

  const shared = sixty()

  test.each(MALFORMED)('%s', async (_name, claims, words) => {
    const { world, id } = await shared
    expectError(await report(world, id, claims), 400, 'parameter_invalid', ...words)
    expect((await statusOf(world, id)).chunks_completed).toBe(0)
  })

  test.each(INCOMPLETE)('%s', async (_name, claims, words) => {
    const { world, id } = await shared
    expectError(await report(world, id, claims), 400, 'parameter_not_provided', ...words)
    expect((await statusOf(world, id)).chunks_completed).toBe(0)
  })

  test('an index past the last chunk of a completed upload', async () => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
    await putChunk(world, urls[0]!.url, TAIL)
    expect((await report(world, id, [claimOf(1, TAIL)])).statusCode).toBe(200)
    const response = await report(world, id, [full(2)])
    expectError(response, 400, 'parameter_invalid', 'chunk 2 ')
  })
})
