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
  /** When it was begun, in epoch milliseconds. */
  at: number
}

/** One file with other wishes is another upload. */
export const unfinishedId = ({
  name,
  size,
  modified,
  wishes,
}: Omit<Unfinished, 'uploadId' | 'at'>) => JSON.stringify([name, size, modified, wishes])

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** How a file looks when it comes without its folder. */
export const fileKey = ({ name, size, modified }: FileIdentity): string =>
  JSON.stringify([baseName(name), size, modified])

/** The latest upload of such a file, whatever folder it comes from now. */
export function findUnfinished<T extends Unfinished>(
  all: readonly T[],
  file: FileIdentity,
): T | undefined {
  const key = fileKey(file)
  return all
    .filter((each) => fileKey(each) === key)
    .sort((a, b) => Number(b.name === file.name) - Number(a.name === file.name) || b.at - a.at)[0]
}
