import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { restoreSession, session, signedOutBecause, signOut } from '../../src/api/session.ts'

/** More than a stream may be silent, and the pause before the next. */
const LONG_MS = 45_000

interface Asked {
  headers: Record<string, string>
  signal: AbortSignal
}

describe('what the server tells', () => {
  let asked: Asked[]
  let answer: () => Promise<Response>
  beforeEach(() => {
    vi.useFakeTimers()
    asked = []
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
    vi.stubGlobal('location', { origin: 'http://partway.test' })
    vi.stubGlobal('sessionStorage', { getItem: () => 'pw_key', removeItem: () => {} })
    vi.stubGlobal('fetch', (path: string, { headers, signal }: Asked) => {
      expect(path).toBe('/v1.3/events')
      asked.push({ headers, signal })
      return answer()
    })
  })
  afterEach(() => {
    signOut()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  /** A stream that says something, and then nothing more. */
  const streamOf = (text: string) =>
    new Response(
      new ReadableStream({ start: (out) => out.enqueue(new TextEncoder().encode(text)) }),
    )
  const state = () => session.value?.live.state.value

  it('is asked for anew after a silence, and the silent connection is let go', async () => {
    answer = async () => streamOf('id: 7\nevent: ready\ndata: {}\n\n')
    restoreSession()
    await vi.advanceTimersByTimeAsync(100)
    expect(state()).toBe('live')
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
    expect(asked[1]?.headers).toMatchObject({ 'x-api-key': 'pw_key', 'last-event-id': '7' })
    expect(state()).toBe('live')
  })

  it('is asked for anew when there is no answer at all', async () => {
    answer = () => new Promise(() => {})
    restoreSession()
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
    expect(state()).toBe('polling')
  })

  it('is not asked for again where there is no stream', async () => {
    answer = async () => Response.json({}, { status: 404 })
    restoreSession()
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(asked).toHaveLength(1)
    expect(state()).toBe('polling')
  })

  it('begins anew where the server does not know what was told last', async () => {
    const answers = [
      streamOf('id: 7\nevent: ready\ndata: {}\n\n'),
      Response.json({}, { status: 400 }),
      streamOf('id: 9\nevent: ready\ndata: {}\n\n'),
    ]
    answer = async () => answers[asked.length - 1]!
    restoreSession()
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '7',
      undefined,
    ])
  })

  it('ends the session when the key is refused', async () => {
    const body = { code: 'api_key_invalid', message: 'The key was revoked.' }
    answer = async () => Response.json(body, { status: 401 })
    restoreSession()
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(session.value).toBeUndefined()
    expect(signedOutBecause.value).toContain('The key was revoked.')
    expect(asked).toHaveLength(1)
  })
})
