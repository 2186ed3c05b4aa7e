import type { Asset, AssetType } from '@partway/protocol'
import { typeOfFilename } from '@partway/protocol'
import type { IconName } from '../ui/icon.tsx'

/** What an asset is, by its content or, until that was looked at, by its name. */
export function kindOf({ file_type: mime = '', filename }: Asset): AssetType | undefined {
  const kind = (['video', 'audio', 'image'] as const).find((each) => mime.startsWith(`${each}/`))
  if (kind) return kind
  return mime ? 'document' : typeOfFilename(filename)
}

/** Its chunks are still being sent. */
export const isArriving = ({ status, url }: Asset) => status === 'processing' && !url

export const KIND_ICONS: Record<AssetType, IconName> = {
  video: 'film',
  audio: 'audio',
  image: 'image',
  document: 'document',
}
