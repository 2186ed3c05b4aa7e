import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stateFolder } from '@partway/client/node'

/** Where uploads are remembered between runs. */
export interface Memory {
  /** Of uploads under way. */
  uploads: string
  /** Of commands that were not done with all their files. */
  commands: string
}

/** The folders, or why there are none: nothing is remembered then, and uploads work all the same. */
export async function openMemory(env = process.env): Promise<Memory | { reason: string }> {
  const folder = stateFolder(env)
  const memory = { uploads: join(folder, 'uploads'), commands: join(folder, 'commands') }
  try {
    for (const path of Object.values(memory)) {
      await mkdir(path, { recursive: true, mode: 0o700 })
      await access(path, constants.W_OK)
    }
    return memory
  } catch (error) {
    return { reason: `${folder} cannot be written (${(error as NodeJS.ErrnoException).code})` }
  }
}
