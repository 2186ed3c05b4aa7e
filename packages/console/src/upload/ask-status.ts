import { type Client, UploadError } from '@partway/client'
import type { UploadDetail } from '@partway/protocol'

/** Until a server that did not answer is asked again, in milliseconds. */
const AGAIN_MS = 3000

/**
 * What the server has of an upload, however long it takes to answer; `undefined` where it is gone or
 * another account's, or when `signal` fires.
 */
export async function askStatus(
  { uploads }: Client,
  id: string,
  signal: AbortSignal,
): Promise<UploadDetail | undefined> {
  while (!signal.aborted) {
    try {
      return await uploads.status(id, { page_limit: 1 }, signal)
    } catch (error) {
      if (error instanceof UploadError && error.status === 404) return undefined
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
  return undefined
}
