import type { UserMetadata, UserMetadataInput } from '@partway/protocol'

/**
 * A change of an asset's key-value pairs (contract section 3, "user_metadata semantics").
 * `replace`: what is not set is gone. `merge`: what is not named stays.
 */
export interface UserMetadataChange {
  kind: 'replace' | 'merge'
  values: UserMetadataInput
}

/** Empty strings are never stored; `null` removes a key when merging, and is nothing otherwise. */
export function applyChange(current: UserMetadata, change: UserMetadataChange): UserMetadata {
  const next = new Map(change.kind === 'merge' ? Object.entries(current) : [])
  for (const [key, value] of Object.entries(change.values)) {
    if (value === null) next.delete(key)
    else if (value !== '') next.set(key, value)
  }
  return Object.fromEntries(next)
}
