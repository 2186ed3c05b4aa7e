import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  restoreSession,
  session,
  signedOutBecause,
  signIn,
  signOut,
} from '../../src/api/session.ts'

describe('the session of a tab', () => {
  let stored: Map<string, string>
  /** By the key they came with; answered when the test says. */
  let asked: { key: string; answer: (response: Response) => void }[]
  beforeEach(() => {
    asked = []
    stored = new Map([['partway-key', 'pw_first']])
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'hidden' }))
    vi.stubGlobal('location', { origin: 'http://partway.test' })
    vi.stubGlobal('sessionStorage', {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => stored.set(name, value),
      removeItem: (name: string) => stored.delete(name),
    })
    vi.stubGlobal(
      'fetch',
      (_: unknown, { headers, signal }: RequestInit) =>
        new Promise<Response>((answer, refuse) => {
          if (signal?.aborted) refuse(signal.reason)
          asked.push({ key: new Headers(headers).get('x-api-key') ?? '', answer })
        }),
    )
  })
  afterEach(() => {
    signOut()
    vi.unstubAllGlobals()
  })

  const refusal = () =>
    Response.json({ code: 'api_key_invalid', message: 'No such key.' }, { status: 401 })
  async function answer(key: string, response: Response): Promise<void> {
    await expect.poll(() => asked.findIndex((each) => each.key === key)).toBeGreaterThanOrEqual(0)
    asked
      .splice(
        asked.findIndex((each) => each.key === key),
        1,
      )[0]!
      .answer(response)
  }

  it('is ended by a call that is refused', async () => {
    restoreSession()
    const listing = session.value!.client.assets.list()
    await answer('pw_first', refusal())
    await expect(listing).rejects.toThrow('No such key.')
    expect(session.value).toBeUndefined()
    expect(signedOutBecause.value).toContain('No such key.')
    expect(stored.size).toBe(0)
  })

  it('is not ended by a call of the session before it that is refused late', async () => {
    restoreSession()
    const late = session.value!.client.assets.list()
    await expect.poll(() => asked.length).toBe(1)
    const signingIn = signIn('pw_second')
    await answer('pw_second', Response.json({ data: [], page_info: {} }))
    await signingIn
    await answer('pw_first', refusal())
    await expect(late).rejects.toThrow('No such key.')
    expect(session.value?.key).toBe('pw_second')
    expect([...stored]).toEqual([['partway-key', 'pw_second']])
  })

  it('gives up a call that is not answered', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort())
    restoreSession()
    await expect(session.value!.get('/silent')).rejects.toThrow('No answer from')
    expect(timeout.mock.calls.map(([ms]) => ms)).toEqual([30_000])
    expect(session.value?.key).toBe('pw_first')
    timeout.mockRestore()
  })

  it('stays as it is when another key is not taken', async () => {
    restoreSession()
    const signingIn = signIn('pw_wrong')
    await answer('pw_wrong', refusal())
    await expect(signingIn).rejects.toThrow('No such key.')
    expect(session.value?.key).toBe('pw_first')
    expect([...stored]).toEqual([['partway-key', 'pw_first']])
  })
})
