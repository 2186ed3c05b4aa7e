import { UploadError } from '@partway/client'

export type Get = <T>(path: string) => Promise<T>

/** GETs below `/v1.3` of this server; what fails is an `UploadError`, as from the client. */
export function createHttp(apiKey: string): Get {
  return async <T>(path: string): Promise<T> => {
    const response = await fetch(`/v1.3${path}`, {
      headers: { 'x-api-key': apiKey },
    }).catch((cause) => {
      throw new UploadError(`No answer from ${location.origin}.`, { code: 'network_error', cause })
    })
    const body = await response.json().catch(() => ({}))
    if (response.ok) return body as T
    throw new UploadError(body.message ?? `The server answered ${response.status}.`, {
      code: body.code ?? 'generic_error',
      status: response.status,
      requestId: response.headers.get('x-request-id') ?? undefined,
    })
  }
}
