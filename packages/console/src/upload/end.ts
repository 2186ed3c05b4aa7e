import { type Client, UploadError } from '@partway/client'
import type { FileIdentity } from '../lib/unfinished.ts'
import { claimOf, createElsewhere } from './claims.ts'
import { dropRecord, loadRecords } from './records.ts'

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
  await uploads.abort(uploadId).catch(ignoreMissing)
  await dropRecord(uploadId)
}

/** What is gone already need not be ended. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof UploadError && error.status === 404)) throw error
}

/**
 * Deletes an asset, and with it the upload of one that is still arriving.
 *
 * @throws UploadError as above; Error when this tab or another one is sending its file
 */
export async function deleteUnlessSent({ assets }: Client, assetId: string): Promise<void> {
  const record = (await loadRecords()).find((each) => each.assetId === assetId)
  if (record && claimOf(record)) {
    throw new Error('It is one of the files of this tab. Cancel it under Upload.')
  }
  if (record) await refuseElsewhere(record)
  await assets.delete(assetId)
  if (record) await dropRecord(record.id)
}
