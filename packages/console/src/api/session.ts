import { type Client, createClient, UploadError } from '@partway/client'
import { batch, signal } from '@preact/signals'
import { createAsk } from './http.ts'
import { createLive, type Live } from './live.ts'

/** What the page has while somebody is signed in. */
export interface Session {
  key: string
  client: Client
  /** Calls that the client does not have. */
  get: <T>(path: string) => Promise<T>
  live: Live
}

/** A call without an answer for so long is given up, in milliseconds: views wait for each. */
const GET_MS = 30_000
/** Of the tab, and gone with it. */
const STORED_KEY = 'partway-key'

export const session = signal<Session | undefined>(undefined)
/** Why there is no session, where somebody should be told. */
export const signedOutBecause = signal('')

/**
 * In place of the session there is, if any.
 *
 * @throws UploadError when the server does not take the key, or does not answer; nothing has changed
 */
export async function signIn(key: string): Promise<void> {
  await createClient({ server: location.origin, apiKey: key }).assets.list({ page_limit: 1 })
  // At once, because views cannot do without a session.
  batch(() => {
    signOut()
    remember(key)
    open(key)
  })
}

/** With the key of this tab, without asking the server first. */
export function restoreSession(): void {
  const key = remembered()
  if (key !== undefined) open(key)
}

export function signOut(reason = ''): void {
  session.value?.live.close()
  session.value = undefined
  signedOutBecause.value = reason
  forgetKey()
}

function open(key: string): void {
  const client = createClient({ server: location.origin, apiKey: key })
  /** A key that was taken back ends its session, whichever call finds out. */
  const onRefusal = (error: unknown) => {
    if (!(error instanceof UploadError) || error.status !== 401) return
    if (session.peek()?.key === key) {
      signOut(`The server no longer takes this key: ${error.message}`)
    }
  }
  const ask = watching(createAsk(key), onRefusal)
  signedOutBecause.value = ''
  session.value = {
    key,
    get: async (path) => (await ask(path, { signal: AbortSignal.timeout(GET_MS) })).json(),
    live: createLive(ask),
    client: {
      ...client,
      uploads: watchingAll(client.uploads, onRefusal),
      assets: watchingAll(client.assets, onRefusal),
      upload(source, options) {
        const upload = client.upload(source, options)
        upload.done().catch(onRefusal)
        return upload
      },
    },
  }
}

type Call = (...args: never[]) => Promise<unknown>

type OnError = (error: unknown) => void

function watching<T extends Call>(call: T, onError: OnError): T {
  const watched = async (...args: Parameters<T>) => {
    try {
      return await call(...args)
    } catch (error) {
      onError(error)
      throw error
    }
  }
  return watched as T
}

function watchingAll<T extends Record<string, Call>>(api: T, onError: OnError): T {
  return Object.fromEntries(
    Object.entries(api).map(([name, call]) => [name, watching(call, onError)]),
  ) as unknown as T
}

// Storage may be forbidden; then the key is asked for after each reload.
function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(STORED_KEY) ?? undefined
  } catch {
    return undefined
  }
}

function remember(key: string): void {
  try {
    sessionStorage.setItem(STORED_KEY, key)
  } catch {}
}

function forgetKey(): void {
  try {
    sessionStorage.removeItem(STORED_KEY)
  } catch {}
}
