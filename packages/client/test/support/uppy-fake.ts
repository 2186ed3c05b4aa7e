import Uppy from '@uppy/core'
import { UploadError } from '../../src/error.ts'
import type { Client } from '../../src/index.ts'
import type { Source } from '../../src/source.ts'
import type { Upload, UploadedAsset, UploadOptions } from '../../src/upload/types.ts'
import Partway, { type PartwayOptions } from '../../src/uppy.ts'

export type Meta = Record<string, unknown>
export type Body = { asset_id: string; upload_id: string; code?: string }

/** An upload that does what the test says, and remembers what it was asked. */
interface Fake {
  source: Source
  options: UploadOptions
  calls: string[]
  store(): void
  fail(error: Error): void
  /** Lets `pause` come into effect. */
  paused: PromiseWithResolvers<void>
}

/** Uppy with our plugin, on a client that sends nothing. */
export function setUp(options: Partial<PartwayOptions<Meta, Body>> = {}) {
  const fakes: Fake[] = []
  const client = {
    upload(source: Source, uploadOptions: UploadOptions = {}) {
      const end = Promise.withResolvers<UploadedAsset>()
      const calls: string[] = []
      const n = fakes.length + 1
      const ids = { assetId: `asset-${n}`, uploadId: `upload-${n}` }
      const asset = {
        ...ids,
        url: `http://store/${n}`,
        size: source.size,
        chunkSize: 5,
        digests: [],
      }
      const paused = Promise.withResolvers<void>()
      fakes.push({
        ...{ source, calls, paused, options: uploadOptions },
        store: () => end.resolve(asset),
        fail: end.reject,
      })
      const upload: Partial<Upload> = {
        done: () => end.promise,
        async pause() {
          calls.push('pause')
          await paused.promise
        },
        resume: () => void calls.push('resume'),
        async abort() {
          calls.push('abort')
          end.reject(new UploadError('aborted', { code: 'aborted' }))
        },
      }
      return upload as Upload
    },
  } as unknown as Client
  const uppy = new Uppy<Meta, Body>()
  uppy.use(Partway<Meta, Body>, { client, ...options })
  const events: string[] = []
  uppy.on('upload-success', (file, { body }) => events.push(`${file?.name} is ${body?.asset_id}`))
  uppy.on('upload-error', (file, { message }) => events.push(`${file?.name}: ${message}`))
  const add = (...names: string[]) =>
    names.map((name) => uppy.addFile({ name, data: new Blob(['content']), type: 'video/mp4' }))
  const names = () => fakes.map(({ source }) => source.name)
  return { uppy, fakes, events, add, names }
}
