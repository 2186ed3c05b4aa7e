import { type Client, UploadError } from '@partway/client'
import { dropRecord } from './records.ts'

/** Ends an upload that nobody is sending, and forgets it. One that is gone already is just that. */
export async function endUpload({ uploads }: Client, uploadId: string): Promise<void> {
  await uploads.abort(uploadId).catch((error) => {
    if (!(error instanceof UploadError && error.status === 404)) throw error
  })
  await dropRecord(uploadId)
}
