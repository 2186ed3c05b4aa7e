import type { LinkOptions } from './delay-line.ts'
import { first, type Plan, resets } from './faults.ts'

const MiB = 1024 * 1024

/** What goes wrong on the way of a file of eight chunks or more. */
export const FAULTS: Record<string, Plan> = {
  'a request that breaks off in its body': first(
    'chunk',
    { kind: 'cutRequest', after: 3 * MiB },
    { times: 2, chunks: [2, 5] },
  ),
  'a request that breaks off before its body': first(
    'chunk',
    { kind: 'cutRequest', after: 0 },
    { times: 2, chunks: [1] },
  ),
  'an answer that breaks off in its head': first(
    'chunk',
    { kind: 'cutResponse', after: 40 },
    { times: 2, chunks: [1, 3] },
  ),
  'a lost answer to a chunk': first('chunk', { kind: 'cutResponse', after: 0 }, { chunks: [4, 8] }),
  'a lost answer to the creation': first('create', { kind: 'cutResponse', after: 0 }),
  'a lost answer to a report': first('report', { kind: 'cutResponse', after: 0 }, { times: 2 }),
  'resets after one piece in a hundred': resets(0.01, 4),
  '500 instead of storing a chunk': first(
    'chunk',
    { kind: 'answer', status: 500 },
    { times: 2, chunks: [1, 2, 6] },
  ),
  '503 with Retry-After instead of storing a chunk': first(
    'chunk',
    { kind: 'answer', status: 503, retryAfter: 1 },
    { chunks: [3, 8] },
  ),
  '429 with Retry-After instead of storing a chunk': first(
    'chunk',
    { kind: 'answer', status: 429, retryAfter: 1 },
    { chunks: [1, 2] },
  ),
  '503 before the body of a chunk is there': first(
    'chunk',
    { kind: 'answer', status: 503, early: true },
    { times: 2, chunks: [2, 3, 4] },
  ),
  '500 to the creation': first('create', { kind: 'answer', status: 500 }, { times: 2 }),
  '429 with Retry-After to a report': first('report', {
    ...{ kind: 'answer', status: 429, retryAfter: 1 },
  }),
  '503 to a report': first('report', { kind: 'answer', status: 503 }, { times: 2 }),
  '403 as for a URL that ran out': first(
    'chunk',
    { kind: 'answer', status: 403 },
    { chunks: [1, 2, 7] },
  ),
  'a bit that flips on the way': first(
    'chunk',
    { kind: 'flip', at: 2 * MiB + 17 },
    { times: 2, chunks: [2, 3] },
  ),
  'an ETag that is not of these bytes': first(
    'chunk',
    { kind: 'etag', value: `"${'0'.repeat(64)}"` },
    { chunks: [1, 8] },
  ),
  'a chunk that stalls': first('chunk', { kind: 'stallRequest', after: MiB }, { chunks: [2] }),
  'an answer to a chunk that stalls': first(
    'chunk',
    { kind: 'stallResponse', after: 20 },
    { chunks: [3] },
  ),
}

/** What the line is like. */
export const LINES: Record<string, LinkOptions> = {
  'a latency of 20 ms': { latencyMs: 10 },
  'a latency of 100 ms': { latencyMs: 50 },
  'a latency of 300 ms': { latencyMs: 150 },
  '8 MB/s for each connection': { connectionRate: 8e6 },
  '12 MB/s in all': { totalRate: 12e6 },
}
