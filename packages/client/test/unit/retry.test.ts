import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errorOf, UploadError } from '../../src/error.ts'
import { type RetryPolicy, withRetry } from '../../src/retry.ts'

const POLICY: RetryPolicy = { limit: 3, baseMs: 100, maxMs: 250 }
const failure = (status: number, retryAfterMs?: number) =>
  new UploadError('no', { code: 'generic_error', status, retryAfterMs })

describe('retries', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  async function waitsOf(errors: unknown[], random = 1): Promise<number[]> {
    vi.spyOn(Math, 'random').mockReturnValue(random)
    const times: number[] = []
    const work = withRetry({ policy: POLICY }, async () => {
      times.push(Date.now())
      const error = errors[times.length - 1]
      if (error) throw error
    })
    work.catch(() => {})
    await vi.runAllTimersAsync()
    await work
    return times.slice(1).map((time, i) => time - times[i]!)
  }

  it('wait longer each time, up to a limit', async () => {
    expect(await waitsOf([failure(500), failure(503), failure(0x1f4)])).toEqual([100, 200, 250])
  })

  it('wait by chance anything between nothing and that', async () => {
    expect(await waitsOf([failure(500), failure(500)], 0.5)).toEqual([50, 100])
  })

  it('obey Retry-After, but not for ever', async () => {
    expect(await waitsOf([failure(429, 7000), failure(503, 9_999_000)])).toEqual([7000, 60_000])
  })

  it.each([400, 401, 404, 409, 411, 413, 501])('do not repeat %i', async (status) => {
    await expect(waitsOf([failure(status)])).rejects.toMatchObject({ status })
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 507])('repeat %i', async (status) => {
    expect(await waitsOf([failure(status)])).toHaveLength(1)
  })

  it('end after the limit with the last error', async () => {
    const errors = Array.from({ length: 9 }, () => failure(503))
    await expect(waitsOf(errors)).rejects.toMatchObject({ status: 503 })
  })

  it('do not repeat what is no error of ours', async () => {
    await expect(waitsOf([new TypeError('a defect')])).rejects.toThrow('a defect')
  })

  it('end at once when they are told to, and leave no timer', async () => {
    const stop = new AbortController()
    const work = withRetry({ policy: POLICY, signal: stop.signal }, async () => {
      throw failure(500)
    })
    work.catch(() => {})
    await vi.advanceTimersByTimeAsync(1)
    stop.abort(new Error('enough'))
    await expect(work).rejects.toThrow()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the error of an answer', () => {
  const answer = (status: number, text: string, headers: Record<string, string> = {}) =>
    errorOf({ status, text, header: (name) => headers[name] })

  it('has the words of the API', () => {
    const text = JSON.stringify({ code: 'parameter_invalid', message: 'The `x` is wrong.' })
    expect(answer(400, text, { 'x-request-id': 'abc' })).toMatchObject({
      ...{ code: 'parameter_invalid', message: 'The `x` is wrong.', status: 400 },
      ...{ requestId: 'abc', retryable: false },
    })
  })

  it('has the words of S3', () => {
    const text = '<Error><Code>SlowDown</Code><Message>Less, please.</Message></Error>'
    expect(answer(503, text)).toMatchObject({ code: 'SlowDown', retryable: true })
  })

  it.each(['', 'null', '[]', '"text"', '<html>', '{"code":1}', 'x'.repeat(100_000)])(
    'is readable when the answer is not: %.20s',
    (text) => {
      expect(answer(502, text)).toMatchObject({ message: 'The server answered 502.', status: 502 })
    },
  )

  it('knows when to come back, in seconds or as a date', () => {
    expect(answer(429, '', { 'retry-after': '3' }).retryAfterMs).toBe(3000)
    const date = new Date(Date.now() + 60_000).toUTCString()
    const { retryAfterMs } = answer(429, '', { 'retry-after': date })
    expect(retryAfterMs).toBeGreaterThan(55_000)
    expect(answer(429, '', { 'retry-after': 'soon' }).retryAfterMs).toBeUndefined()
  })
})
