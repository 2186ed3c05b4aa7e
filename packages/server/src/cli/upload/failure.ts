import { UploadError } from '@partway/client/node'
import { fileReason } from '../exit.ts'
import type { Failed, UploadedIds } from './events.ts'

/** The event of a file that was not uploaded, or of an asset that came to nothing. */
export function failedEvent(file: string, error: unknown, ids: Partial<UploadedIds> = {}): Failed {
  const { code, message } = error as NodeJS.ErrnoException
  const event = { event: 'failed', file, ...ids } as const
  if (!(error instanceof UploadError)) {
    // Codes of `node:fs` are told in words.
    return { ...event, code: code ? 'file_unreadable' : 'failed', message: fileReason(error) }
  }
  return {
    ...event,
    ...{ code: error.code, message },
    ...(error.status > 0 ? { status: error.status } : {}),
    ...(error.requestId === undefined ? {} : { request_id: error.requestId }),
  }
}
