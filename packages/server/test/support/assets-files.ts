import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storeOf } from './program-files.ts'

/** The files made from an asset, or the folders of all that have some; sorted. */
export async function madeFiles(data: string, assetId = ''): Promise<string[]> {
  const names = await readdir(join(storeOf(data).path, 'files', assetId)).catch(() => [])
  return names.toSorted()
}
