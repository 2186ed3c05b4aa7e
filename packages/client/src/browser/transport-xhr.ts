import { networkError } from '../error.ts'
import type { Transport } from '../platform.ts'

/** By `XMLHttpRequest`: pages have nothing else that tells how far a body has come. */
export const xhrTransport: Transport = async ({ url, body, headers, signal, onSent }) => {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    const settle = (then: () => void) => {
      signal.removeEventListener('abort', abort)
      then()
    }
    request.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded }) => onSent(loaded)
    request.onload = () =>
      settle(() =>
        resolve({
          status: request.status,
          header: (name) => request.getResponseHeader(name) ?? undefined,
          text: request.responseText,
        }),
      )
    request.onerror = () =>
      settle(() => reject(networkError(url, new Error('the connection failed'))))
    request.onabort = () => settle(() => reject(signal.reason))
    signal.addEventListener('abort', abort, { once: true })
    request.send(body)
  })
}
