import { type Client, openFile, UploadError, type UploadOptions } from '@partway/client/node'
import { compareWithAsset } from '../compare.ts'
import { printable } from '../text.ts'
import type { Uploaded, UploadedIds } from './events.ts'
import { failedEvent } from './failure.ts'
import type { LocalFile } from './find.ts'
import type { Finished } from './finished.ts'
import { forgetFile, SendError, sendFile } from './send.ts'
import type { Share } from './shares.ts'
import type { View } from './view.ts'
import { missing, waitUntilMade } from './wait.ts'

export interface FileRunDeps {
  client: Client
  upload: UploadOptions
  compare?: boolean
  finished: Finished
  view: View
  signal: AbortSignal
}

/** What is done with each file of a run. Nothing is thrown: failures are told and counted. */
export interface FileRun {
  /** `undefined` when it did not get there. */
  send(file: LocalFile, concurrency: Share): Promise<UploadedIds | undefined>
  /** Until the asset is made. */
  wait(file: LocalFile, uploaded: UploadedIds): Promise<void>
  tally: {
    uploaded: number
    failed: number
    /** Not uploaded because of Ctrl-C. */
    paused: { path: string; uploadId: string | undefined }[]
    /** Uploaded, but not waited for because of Ctrl-C. */
    unmade: number
  }
}

export function createFileRun(deps: FileRunDeps): FileRun {
  const { client, upload, finished, view, signal } = deps
  const tally: FileRun['tally'] = { uploaded: 0, failed: 0, paused: [], unmade: 0 }

  /** What an earlier run of the same command made of the file, unless it came to nothing. */
  async function earlier(file: LocalFile): Promise<Uploaded | undefined> {
    const { path, size } = file
    const ids = finished.find(file)
    if (!ids) return undefined
    // That run may have ended between noting the one and forgetting the other.
    await forgetFile(file, client, upload)
    const asset = await client.assets.retrieve(ids.asset_id, signal).catch(ignoreMissing)
    if (!asset || asset.status === 'failed') {
      // It is sent again from here on, and what is remembered of that must not be taken for this.
      await finished.drop(file)
      return undefined
    }
    // Only a Partway tells where the content is.
    const { url = '' } = asset
    return { event: 'uploaded', file: path, ...ids, url, size, resumed_size: size, seconds: 0 }
  }

  async function send(file: LocalFile, concurrency: Share): Promise<UploadedIds | undefined> {
    const { path } = file
    try {
      signal.throwIfAborted()
      const keep = ({ upload_id, asset_id, sha256 }: Uploaded) =>
        finished.add(file, { upload_id, asset_id, sha256 })
      const deed = { client, options: { ...upload, concurrency }, emit: view.show, signal, keep }
      const uploaded = (await earlier(file)) ?? (await sendFile(file, deed))
      if (deps.compare) await compare(file, uploaded)
      const { upload_id, asset_id, url, sha256 } = uploaded
      view.show(uploaded)
      tally.uploaded += 1
      return { upload_id, asset_id, url, sha256 }
    } catch (error) {
      notSent(path, error)
      return undefined
    }
  }

  function notSent(path: string, error: unknown): void {
    const known = error instanceof SendError ? error : undefined
    const { uploadId, assetId } = known ?? {}
    const ids = uploadId && assetId ? { upload_id: uploadId, asset_id: assetId } : {}
    if (signal.aborted) {
      tally.paused.push({ path, uploadId })
      view.show({ event: 'paused', file: path, ...ids })
    } else {
      tally.failed += 1
      view.show(failedEvent(path, known?.cause ?? error, ids))
    }
  }

  /** Chunks that another machine sent of another file would go unnoticed otherwise. */
  async function compare(file: LocalFile, { asset_id }: Uploaded): Promise<void> {
    await using source = await openFile(file.realPath)
    const compared = await compareWithAsset(source, asset_id, client)
    if (compared.outcome === 'identical') return
    if (compared.outcome === 'unknown') {
      const path = printable(file.path)
      const { reason } = compared
      view.note(`${path} could not be compared with asset ${asset_id}: ${printable(reason)}.`)
      return
    }
    await finished.drop(file)
    throw new UploadError(`Asset ${asset_id} has other bytes: parts of another file were there.`, {
      code: 'content_differs',
    })
  }

  async function wait(file: LocalFile, ids: UploadedIds): Promise<void> {
    const { path } = file
    try {
      signal.throwIfAborted()
      view.show({ event: 'processing', file: path, ...ids })
      const asset = await waitUntilMade(client, ids.asset_id, signal)
      const { status, error, file_type, duration, hls, thumbnail } = asset
      if (status === 'failed') throw unmade('asset_failed', error?.message ?? 'The asset failed.')
      const url = asset.url ?? ids.url
      const made = {
        ...(file_type === undefined ? {} : { file_type }),
        ...(duration === undefined ? {} : { duration }),
        ...(hls ? { hls } : {}),
        ...(thumbnail ? { thumbnail } : {}),
      }
      view.show({ event: 'ready', file: path, ...ids, url, ...made })
      const reason = missing(asset)
      if (reason !== undefined) throw unmade('rendition_failed', reason)
    } catch (error) {
      if (signal.aborted) {
        tally.unmade += 1
        const { upload_id, asset_id } = ids
        view.show({ event: 'paused', file: path, upload_id, asset_id })
        return
      }
      tally.failed += 1
      // It stays noted: whether the asset came to nothing is asked when the command is repeated.
      view.show(failedEvent(path, error, ids))
    }
  }

  return { send, wait, tally }
}

const unmade = (code: string, message: string) => new UploadError(message, { code })

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof UploadError) || error.status !== 404) throw error
}
