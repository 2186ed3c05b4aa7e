import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChunkUrls } from '../../src/adapters/chunk-urls.ts'
import { createSigner } from '../../src/adapters/crypto/index.ts'
import { openFileStore } from '../../src/adapters/fs/store.ts'
import type { Upload } from '../../src/core/types.ts'
import { TEST_SIGNING_KEY } from '../support/fakes.ts'
import { type SinkStore, throughSink } from './bodies.ts'

export const chunkUrls = createChunkUrls(createSigner([TEST_SIGNING_KEY]))

/** A file store in a folder of its own, and what a test wants to see of that folder. */
export interface FileStoreWorld {
  store: SinkStore
  root: string
  /** The names in an upload's folder, sorted; `undefined` when there is no such folder. */
  inUpload(upload: Upload): Promise<string[] | undefined>
  inObject(upload: Upload): Promise<string[] | undefined>
  uploadPath(upload: Upload, name?: string): string
  objectPath(upload: Upload, name?: string): string
  /** The same folder as a program started anew sees it. */
  reopen(): Promise<SinkStore>
  close(): Promise<void>
}

export async function openFileStoreWorld(parent: string = tmpdir()): Promise<FileStoreWorld> {
  const folder = await mkdtemp(join(parent, 'partway-files-'))
  const root = join(folder, 'store')
  const reopen = async () => throughSink(await openFileStore(root, chunkUrls))
  const uploadPath = (upload: Upload, name = '') => join(root, 'uploads', upload.storeRef, name)
  const objectPath = (upload: Upload, name = '') => join(root, 'objects', upload.assetId, name)
  return {
    ...{ store: await reopen(), root, reopen, uploadPath, objectPath },
    inUpload: (upload) => namesIn(uploadPath(upload)),
    inObject: (upload) => namesIn(objectPath(upload)),
    close: () => rm(folder, { recursive: true }),
  }
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export interface SmallDisk {
  path: string
  unmount(): Promise<void>
}

/** A disk of a few MiB to fill up; the reason as text where the process may not mount one. */
export async function mountSmallDisk(size: string): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'a small disk is a tmpfs, which only Linux has'
  const path = await mkdtemp(join(tmpdir(), 'partway-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'partway-test', path], {
      stdio: 'pipe',
    })
  } catch (error) {
    await rm(path, { recursive: true })
    return `this process may not mount a tmpfs (${(error as Error).message.split('\n')[0]})`
  }
  return {
    path,
    async unmount() {
      // Lazily: a test that failed may have left a file open.
      execFileSync('umount', ['--lazy', path])
      await rm(path, { recursive: true })
    },
  }
}
