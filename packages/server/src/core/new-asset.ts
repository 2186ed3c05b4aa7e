import type { AssetType, UserMetadataInput } from '@partway/protocol'
import type { Asset } from './types.ts'
import { applyChange } from './user-metadata.ts'

/** What whoever creates an asset may ask for. */
export interface Wishes {
  userMetadata: UserMetadataInput
  /** Ignored for what cannot be streamed. */
  hls: boolean
  thumbnail: boolean
}

type Beginnings = Pick<
  Asset,
  'id' | 'account' | 'method' | 'filename' | 'type' | 'size' | 'createdAt'
>

/** An asset nothing is known of yet. */
export function newAsset(beginnings: Beginnings, wishes: Wishes): Asset {
  return {
    ...beginnings,
    ...{ state: 'processing', reason: undefined, object: undefined },
    ...{ mimeType: undefined, duration: undefined, technicalMetadata: undefined },
    userMetadata: applyChange({}, { kind: 'replace', values: wishes.userMetadata }),
    hls: wishes.hls && isStreamable(beginnings.type) ? PENDING : undefined,
    thumbnail: wishes.thumbnail ? PENDING : undefined,
  }
}

export const isStreamable = (type: AssetType): boolean => type === 'video' || type === 'audio'

const PENDING = { state: 'pending', reason: undefined } as const
