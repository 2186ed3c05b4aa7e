import { createHash } from 'node:crypto'
import {
  type Client,
  type FileSource,
  openFile,
  type UploadedAsset,
  type UploadOptions,
  type UploadProgress,
} from '@partway/client/node'
import type { FileEvent, Progress, Uploaded } from './events.ts'
import type { LocalFile } from './find.ts'

export interface SendDeps {
  client: Client
  options: UploadOptions
  emit: (event: FileEvent) => void
  signal: AbortSignal
  /** Writes down what became of the file. Only then is it forgotten how far it had been sent. */
  keep: (uploaded: Uploaded) => Promise<void>
}

/** A comparison that takes no longer is not worth a word. */
const CHECKING_MS = 1000

/** Sends one file and tells of it; the last event is left to the caller. */
export async function sendFile(
  { path: file, realPath, name, type }: LocalFile,
  { client, options, emit, signal, keep }: SendDeps,
): Promise<Uploaded> {
  await using source = await openFile(realPath)
  const { size } = source
  const began = performance.now()
  let begun: { resumedSize: number } | undefined
  let checking: ReturnType<typeof setTimeout> | undefined

  function onProgress(progress: UploadProgress): void {
    const { phase, acknowledged } = progress
    clearTimeout(checking)
    if (phase === 'checking') checking = setTimeout(tell, CHECKING_MS, progress, phase)
    if (phase !== 'sending') return
    begin(acknowledged)
    tell(progress, phase)
  }

  function tell(progress: UploadProgress, phase: Progress['phase']): void {
    const { sent, acknowledged, rate, secondsLeft } = progress
    emit({
      ...{ event: 'progress', file, phase, upload_id: upload.id },
      ...{
        size,
        sent,
        acknowledged,
        rate: Math.round(rate),
        seconds_left: secondsLeft === undefined ? null : Math.round(secondsLeft),
      },
    })
  }

  /** What is confirmed before anything is sent comes from an earlier run. */
  function begin(resumedSize: number): void {
    const { id, assetId } = upload
    if (begun || !id || !assetId) return
    begun = { resumedSize }
    const ids = { file, upload_id: id, asset_id: assetId, size }
    if (resumedSize > 0) emit({ event: 'resumed', ...ids, resumed_size: resumedSize })
    else emit({ event: 'started', ...ids })
  }

  let uploaded: Uploaded | undefined
  async function onUploaded({ uploadId, assetId, url }: UploadedAsset): Promise<void> {
    begin(size)
    const sha256 = await hashing
    uploaded = {
      ...{ event: 'uploaded', file, upload_id: uploadId, asset_id: assetId, url, sha256, size },
      resumed_size: begun?.resumedSize ?? size,
      seconds: Math.round(performance.now() - began) / 1000,
    }
    await keep(uploaded)
  }

  const remembered = rememberedAs({ realPath, name, type }, options)
  const upload = client.upload(
    { ...source, name: remembered.name },
    { ...remembered.options, signal, onProgress, onUploaded },
  )
  // Hashed on its own while the chunks go out; the pages are in the cache anyway.
  const stop = new AbortController()
  const hashing = sha256Of(source, AbortSignal.any([signal, stop.signal]))
  hashing.catch(() => {})
  try {
    await upload.done()
    return uploaded!
  } catch (error) {
    // What went wrong is told with the upload it went wrong with.
    throw new SendError(error, upload.id, upload.assetId)
  } finally {
    clearTimeout(checking)
    stop.abort()
    await hashing.catch(() => {})
  }
}

/** Forgets how far a file had been sent. */
export function forgetFile(file: LocalFile, client: Client, options: UploadOptions): Promise<void> {
  const { size, modified } = file
  const remembered = rememberedAs(file, options)
  return client.forget({ name: remembered.name, size, modified }, remembered.options)
}

/** By the whole path: copies of one film in two folders are two uploads. */
function rememberedAs(
  { realPath, name, type }: Pick<LocalFile, 'realPath' | 'name' | 'type'>,
  options: UploadOptions,
) {
  return { name: realPath, options: { type, filename: name, ...options } }
}

/** Why a file was not sent, and what there is of it. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly uploadId: string | undefined
  readonly assetId: string | undefined

  constructor(cause: unknown, uploadId: string | undefined, assetId: string | undefined) {
    super('the file was not sent', { cause })
    this.uploadId = uploadId
    this.assetId = assetId
  }
}

const PIECE = 1024 * 1024

async function sha256Of(source: FileSource, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const memory = new Uint8Array(Math.min(PIECE, source.size))
  for (let start = 0; start < source.size; start += PIECE) {
    signal.throwIfAborted()
    const end = Math.min(start + PIECE, source.size)
    hash.update(await source.read(start, end, memory.subarray(0, end - start)))
  }
  return hash.digest('hex')
}
