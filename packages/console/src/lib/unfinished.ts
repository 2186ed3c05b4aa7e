import type { AssetType, UserMetadata } from '@partway/protocol'

/** What is asked for with a file. */
export interface Wishes {
  /** Left out, the name tells. */
  type?: AssetType
  userMetadata?: UserMetadata
  enableHls: boolean
  enableThumbnail: boolean
}

/** What makes a file on this machine this very file, as far as a page can tell. */
export interface FileIdentity {
  /** With its path where it came with a folder. */
  name: string
  /** Bytes. */
  size: number
  /** Epoch milliseconds. */
  modified: number
}

/** A file whose upload was begun here, and has not come to its end. */
export interface Unfinished extends FileIdentity {
  wishes: Wishes
  uploadId: string
  /** What it becomes. */
  assetId?: string
  /** When it was begun, in epoch milliseconds. */
  at: number
}

/** One text for one file. */
export const identityKey = ({ name, size, modified }: FileIdentity): string =>
  JSON.stringify([name, size, modified])

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** How a file looks when it comes without its folder. */
export const fileKey = ({ name, size, modified }: FileIdentity): string =>
  identityKey({ name: baseName(name), size, modified })

/**
 * The uploads that such a file had, the likeliest first. One that comes without a folder may be one
 * that came with its folder before; one from another folder is another file.
 */
export function matchingUnfinished<T extends Unfinished>(
  all: readonly T[],
  file: FileIdentity,
): T[] {
  const bare = file.name === baseName(file.name)
  const same = (each: T) =>
    bare ? fileKey(each) === fileKey(file) : identityKey(each) === identityKey(file)
  return all
    .filter(same)
    .sort((a, b) => Number(b.name === file.name) - Number(a.name === file.name) || b.at - a.at)
}
