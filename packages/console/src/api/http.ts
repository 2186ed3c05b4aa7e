import { UploadError } from '@partway/client'

/** GETs below `/v1.3` of this server; what fails or is refused is an `UploadError`, as from the client. */
export type Ask = (path: string, options?: AskOptions) => Promise<Response>

interface AskOptions {
  headers?: Record<string, string>
  signal?: AbortSignal
}

export function createAsk(apiKey: string): Ask {
  return async (path, { headers, ...options } = {}) => {
    const response = await fetch(`/v1.3${path}`, {
      headers: { ...headers, 'x-api-key': apiKey },
      ...options,
    }).catch((cause) => {
      throw new UploadError(`No answer from ${location.origin}.`, { code: 'network_error', cause })
    })
    if (response.ok) return response
    const body = await response.json().catch(() => ({}))
    throw new UploadError(body.message ?? `The server answered ${response.status}.`, {
      code: body.code ?? 'generic_error',
      status: response.status,
      requestId: response.headers.get('x-request-id') ?? undefined,
    })
  }
}
