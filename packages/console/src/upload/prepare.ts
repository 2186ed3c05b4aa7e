import type { Client } from '@partway/client'
import {
  type FileIdentity,
  matchingUnfinished,
  type Unfinished,
  type Wishes,
} from '../lib/unfinished.ts'
import { askStatus } from './ask-status.ts'
import { claim } from './claims.ts'
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
      const earlier = await findActive(client, matchingUnfinished(all, file), signal)
      const name = earlier?.name ?? file.name
      await claim({ ...file, name }, earlier?.uploadId, signal)
      return { name, wishes: earlier?.wishes ?? wishes }
    }),
  )
}

/** Asked for as long as it takes: whose record it is, and whether it has ended, is not known before. */
async function findActive(
  client: Client,
  records: Unfinished[],
  signal: AbortSignal,
): Promise<Unfinished | undefined> {
  for (const record of records) {
    const detail = await askStatus(client, record.uploadId, signal)
    if (detail?.status === 'active') return record
    if (detail) await dropRecord(record.uploadId)
  }
  return undefined
}
