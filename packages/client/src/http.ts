import { errorOf, networkError, UploadError } from './error.ts'
import { QUICK_RETRY, type RetryPolicy, withRetry } from './retry.ts'

export interface HttpOptions {
  /** Where the server is, such as `http://127.0.0.1:4100`; `/v1.3` is added where it is missing. */
  server: string
  apiKey: string
}

type QueryValue = string | number | boolean | readonly string[] | undefined

export interface CallOptions {
  /** JSON, or a form as it is. */
  body?: unknown
  query?: Record<string, QueryValue>
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /** @default {@link QUICK_RETRY} */
  retry?: RetryPolicy
}

export type Http = ReturnType<typeof createHttp>

/** How long the answer to a call may take, in milliseconds. */
const TIMEOUT_MS = 120_000

/** The address of the API of a server, however it was given. */
export function apiBase(server: string): string {
  const base = server.replace(/\/+$/, '')
  return base.endsWith('/v1.3') ? base : `${base}/v1.3`
}

/** Calls below `/v1.3`, repeated where that is safe. Every JSON call of this API is: creating an upload carries an idempotency key. */
export function createHttp({ server, apiKey }: HttpOptions) {
  const base = apiBase(server)
  // Checked here, because what refuses it later would quote it.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new UploadError('`apiKey` must be printable ASCII without spaces.', {
      code: 'invalid_option',
    })
  }

  return function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const { body, query = {}, headers = {}, signal, retry = QUICK_RETRY } = options
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) {
      for (const item of Array.isArray(value) ? value : [value]) {
        if (item !== undefined) url.searchParams.append(name, String(item))
      }
    }
    const form = body instanceof FormData
    const json = body !== undefined && !form
    const init: RequestInit = {
      method,
      headers: {
        'x-api-key': apiKey,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    }
    return withRetry({ policy: retry, signal }, () => send<T>(url, init, signal, form))
  }
}

async function send<T>(
  url: URL,
  init: RequestInit,
  signal: AbortSignal | undefined,
  form: boolean,
): Promise<T> {
  // A form may carry a file, which takes as long as it takes.
  const ends = [...(signal ? [signal] : []), ...(form ? [] : [AbortSignal.timeout(TIMEOUT_MS)])]
  const either = AbortSignal.any(ends)
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, signal: either })
    text = await response.text()
  } catch (error) {
    signal?.throwIfAborted()
    throw networkError(url, error)
  }
  const header = (name: string) => response.headers.get(name) ?? undefined
  if (!response.ok) throw errorOf({ status: response.status, header, text })
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch (cause) {
    throw new UploadError(`${url.origin} answered something that is not JSON.`, {
      ...{ code: 'invalid_answer', status: response.status, cause },
    })
  }
}
