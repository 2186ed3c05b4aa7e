import { type Client, UploadError } from '@partway/client'
import {
  type FileIdentity,
  matchingUnfinished,
  type Unfinished,
  type Wishes,
} from '../lib/unfinished.ts'
import { claim, claimOf } from './claims.ts'
import { dropRecord, loadRecords } from './records.ts'

/** A file that is to be sent, and what was wanted of it when it was tried before. */
export interface Asked extends FileIdentity {
  wishes?: Wishes
}

/** As what it is sent. */
export interface Prepared {
  /** With the path that it had when it was begun. */
  name: string
  wishes: Wishes
}

/** How long the server may take to tell of an upload, in milliseconds; the client will ask again. */
const ASK_MS = 5000

/**
 * Settles what files are sent as, and takes them for this tab: as they were begun before, where that
 * can be gone on with, or else as `wanted`.
 *
 * @param signal fires when the session is over
 */
export async function prepare(
  client: Client,
  files: readonly Asked[],
  wanted: Wishes,
  signal: AbortSignal,
): Promise<Prepared[]> {
  // Read anew: another tab may have begun one meanwhile.
  const all = await loadRecords()
  return Promise.all(
    files.map(async ({ wishes = wanted, ...file }) => {
      // It is under way here, and only tried again.
      if (claimOf(file)) return { name: file.name, wishes }
      const earlier = await findActive(client, matchingUnfinished(all, file))
      const name = earlier?.name ?? file.name
      await claim({ ...file, name }, earlier?.uploadId, signal)
      return { name, wishes: earlier?.wishes ?? wishes }
    }),
  )
}

async function findActive(client: Client, records: Unfinished[]): Promise<Unfinished | undefined> {
  for (const record of records) if (await canGoOn(client, record)) return record
  return undefined
}

async function canGoOn({ uploads }: Client, { uploadId }: Unfinished): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ASK_MS)
    const { status } = await uploads.status(uploadId, { page_limit: 1 }, signal)
    if (status !== 'active') await dropRecord(uploadId)
    return status === 'active'
  } catch (error) {
    // It may be another account's. What could not be asked now, the client will find out.
    return !(error instanceof UploadError && error.status === 404)
  }
}
