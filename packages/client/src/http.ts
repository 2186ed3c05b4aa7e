import { errorOf, UploadError } from './error.ts'
import { QUICK_RETRY, type RetryPolicy, withRetry } from './retry.ts'

export interface HttpOptions {
  /** Where the server is, such as `http://127.0.0.1:4100`; `/v1.3` is added. */
  server: string
  apiKey: string
}

export interface CallOptions {
  body?: unknown
  query?: Record<string, number | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /** @default {@link QUICK_RETRY} */
  retry?: RetryPolicy
}

export type Http = ReturnType<typeof createHttp>

/** JSON calls below `/v1.3`, repeated where that is safe. Every call of this API is: creating an upload carries an idempotency key. */
export function createHttp({ server, apiKey }: HttpOptions) {
  const base = `${server.replace(/\/+$/, '')}/v1.3`

  return function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const { body, query = {}, headers = {}, signal, retry = QUICK_RETRY } = options
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const init: RequestInit = {
      method,
      headers: {
        'x-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: signal ?? null,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    return withRetry(retry, signal, async () => {
      const response = await send(url, init)
      return (response.status === 204 ? undefined : await response.json()) as T
    })
  }
}

/** One request; anything but 2xx is an {@link UploadError}. */
export async function send(url: string | URL, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    const cause = (error as Error).cause ?? error
    const { origin } = new URL(url)
    throw new UploadError(`No answer from ${origin}: ${(cause as Error).message}`, {
      ...{ code: 'network_error', status: 0, cause: error },
    })
  }
  if (!response.ok) throw await errorOf(response)
  return response
}
