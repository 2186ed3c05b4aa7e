import { PartwayError } from '@partway/protocol'
import type { Metadata } from './ports.ts'
import type { UploadProgress, UploadState } from './types.ts'

/**
 * The state of an upload at `now`. The sweep writes `expired` some time after the fact; readers
 * need not wait for it. An upload whose chunks are all recorded never expires: what is missing
 * is our own work, and the sweep will do it.
 */
export function stateAt(upload: UploadProgress, now: number): UploadState {
  const late = now >= upload.expiresAt && upload.chunksCompleted < upload.totalChunks
  return upload.state === 'active' && late ? 'expired' : upload.state
}

/** Why the unfinished chunks of an upload can no longer be sent; `undefined` while they can. */
export function reasonAt(upload: UploadProgress, now: number): string | undefined {
  return stateAt(upload, now) === 'expired' ? EXPIRED : upload.reason
}

export const EXPIRED = 'It was not complete in time. Start again.'

/** The answer to a change of an upload that is over. */
export function endedError(upload: UploadProgress, now: number): PartwayError {
  const reason = reasonAt(upload, now) ?? 'Nothing can be added to it.'
  return new PartwayError(
    'parameter_invalid',
    `The upload ${upload.id} is ${stateAt(upload, now)}. ${reason}`,
  )
}

/** The same answer whether it never existed, is gone, or is another account's. */
export function notFound(id: string, collection: string): PartwayError {
  return new PartwayError(
    'resource_not_exist',
    `Resource with id \`${id}\` does not exist in \`${collection}\`.`,
  )
}

/** @throws PartwayError `resource_not_exist` */
export async function findUpload(
  metadata: Metadata,
  account: string,
  id: string,
): Promise<UploadProgress> {
  const upload = await metadata.findUpload(account, id)
  // What we bring ourselves is nobody's session.
  if (upload?.method !== 'multipart') throw notFound(id, 'multipart-uploads')
  return upload
}
