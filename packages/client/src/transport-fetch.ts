import { networkError } from './error.ts'
import type { Transport } from './platform.ts'

/** By `fetch`: everywhere, but it does not tell how far a body has come. */
export const fetchTransport: Transport = async ({ url, body, headers, signal, onSent }) => {
  signal.throwIfAborted()
  try {
    const response = await fetch(url, { method: 'PUT', body, headers, signal, credentials: 'omit' })
    const text = await response.text()
    onSent(body.byteLength)
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      text,
    }
  } catch (error) {
    signal.throwIfAborted()
    throw networkError(url, error)
  }
}
