import { createMemoryMedia } from '../../src/adapters/memory/media.ts'
import type { Media } from '../../src/core/ports.ts'
import type { Asset } from '../../src/core/types.ts'
import { NEVER } from '../support/fakes.ts'
import { ACCOUNT, createWorld } from './world.ts'

/** A world whose media answers as told, with one complete upload. */
export async function worldWith(media: Partial<Media> = {}, changes: Partial<Asset> = {}) {
  const world = createWorld({ media: { ...createMemoryMedia(), ...media } })
  const { createUpload } = world.metadata
  world.metadata.createUpload = (upload, asset, ...rest) =>
    createUpload(upload, { ...asset, ...changes }, ...rest)
  const upload = await world.plant()
  await world.complete(upload)
  const process = (signal = NEVER) => world.processor.processNext(signal)
  const find = () => world.metadata.findAsset(ACCOUNT, upload.assetId)
  return { ...world, upload, process, find }
}

export const PENDING = { state: 'pending', reason: undefined } as const
export const READY = { state: 'ready', reason: undefined } as const
