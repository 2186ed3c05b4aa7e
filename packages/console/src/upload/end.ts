import { type Client, UploadError } from '@partway/client'
import type { FileIdentity } from '../lib/unfinished.ts'
import { createElsewhere } from './claims.ts'
import { dropRecord } from './records.ts'

/** @throws Error when another tab is sending the file */
export async function refuseElsewhere(file: FileIdentity): Promise<void> {
  const isElsewhere = await createElsewhere()
  if (isElsewhere(file)) throw new Error('It is being sent in another tab. End it there.')
}

/**
 * Ends an upload on the server and forgets it. One that is gone already is just that.
 *
 * @throws UploadError when the server could not be told; Error when another tab is sending the file
 */
export async function endUpload(
  { uploads }: Client,
  uploadId: string,
  file: FileIdentity,
): Promise<void> {
  await refuseElsewhere(file)
  await uploads.abort(uploadId).catch((error) => {
    if (!(error instanceof UploadError && error.status === 404)) throw error
  })
  await dropRecord(uploadId)
}
