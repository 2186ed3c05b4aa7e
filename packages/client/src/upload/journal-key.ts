import { typeOfFilename } from '@partway/protocol'
import type { Source } from '../source.ts'
import type { JournalKey } from './journal.ts'
import type { UploadOptions } from './types.ts'

/** Which server, and whose key. */
export type Identity = Pick<JournalKey, 'server' | 'account'>

/** Under what an upload of this source is remembered. */
export function journalKey(
  identity: Identity,
  { name, size, modified }: Pick<Source, 'name' | 'size' | 'modified'>,
  options: UploadOptions,
): JournalKey {
  const { filename = name, enableHls, enableThumbnail, userMetadata } = options
  const type = options.type ?? typeOfFilename(filename)
  // Whoever wants something else made of the same file wants another asset.
  const wishes = JSON.stringify([filename, type, enableHls, enableThumbnail, userMetadata])
  return { ...identity, name, size, modified, wishes }
}
