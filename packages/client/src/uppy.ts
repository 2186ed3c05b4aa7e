import { BasePlugin, type Body, type Meta, type Uppy, type UppyFile } from '@uppy/core'
import type { UploadError } from './error.ts'
import { createClient } from './index.ts'
import { createJobs, type Job } from './uppy/jobs.ts'
import { type PartwayOptions, refusalOf, uploadOptions } from './uppy/options.ts'

export type { PartwayBody, PartwayOptions } from './uppy/options.ts'

/** Files under way at once; each has several connections already. */
const LIMIT = 2

/**
 * An uploader plugin for Uppy: `uppy.use(Partway, { server, apiKey })`.
 *
 * Pausing stops a file and lets the next one go; taking a file out ends its upload on the server;
 * trying again goes on where it stopped.
 */
export default class Partway<M extends Meta, B extends Body> extends BasePlugin<
  PartwayOptions<M, B>,
  M,
  B
> {
  readonly #jobs = createJobs(() => this.opts.limit ?? LIMIT)
  readonly #client
  /** Stops everything without ending anything on the server. */
  #stopped = new AbortController()

  /** @throws TypeError without a client, or a server and an API key to make one */
  constructor(uppy: Uppy<M, B>, options: PartwayOptions<M, B>) {
    super(uppy, options)
    this.type = 'uploader'
    this.id = options.id ?? 'Partway'
    const { client, server, apiKey, limit = LIMIT } = options
    if (!client && (!server || apiKey === undefined)) {
      throw new TypeError('Partway needs `client`, or `server` and `apiKey`.')
    }
    if (!(limit >= 1)) throw new TypeError(`\`limit\` must be at least 1, not ${limit}.`)
    this.#client = client ?? createClient({ server: server!, apiKey: apiKey! })
  }

  override install(): void {
    this.#stopped = new AbortController()
    this.#setCapabilities(true)
    const { uppy } = this
    uppy.addUploader(this.#upload)
    uppy.on('upload-pause', this.#onPause)
    uppy.on('pause-all', this.#onPauseAll)
    uppy.on('resume-all', this.#onResumeAll)
    uppy.on('file-removed', this.#onRemoved)
    uppy.on('cancel-all', this.#onCancelAll)
  }

  override uninstall(): void {
    const { uppy } = this
    uppy.removeUploader(this.#upload)
    uppy.off('upload-pause', this.#onPause)
    uppy.off('pause-all', this.#onPauseAll)
    uppy.off('resume-all', this.#onResumeAll)
    uppy.off('file-removed', this.#onRemoved)
    uppy.off('cancel-all', this.#onCancelAll)
    this.#setCapabilities(false)
    this.#stopped.abort()
    this.#jobs.clear()
  }

  readonly #onPause = (file: UppyFile<M, B> | undefined, isPaused: boolean) => {
    if (!file) return
    if (isPaused) this.#jobs.pause(file.id)
    else this.#jobs.resume(file.id)
  }
  readonly #onPauseAll = () => this.#jobs.pauseAll()
  readonly #onResumeAll = () => this.#jobs.resumeAll()
  readonly #onRemoved = (file: UppyFile<M, B>) => this.#jobs.remove(file.id)
  readonly #onCancelAll = () => this.#jobs.removeAll()

  #setCapabilities(resumableUploads: boolean): void {
    const { capabilities } = this.uppy.getState()
    this.uppy.setState({
      capabilities: { ...capabilities, resumableUploads, individualCancellation: true },
    })
  }

  /** Resolves when every file is sent, failed or taken out. What failed is told by events. */
  readonly #upload = async (ids: string[]): Promise<void> => {
    const files = this.uppy
      .getFilesByIds(ids)
      .filter((file) => !file.error && !file.progress.uploadComplete)
    this.uppy.emit('upload-start', files)
    await Promise.all(files.map((file) => this.#send(file)))
  }

  async #send(file: UppyFile<M, B>): Promise<void> {
    const refusal = refusalOf(file)
    if (refusal) return this.uppy.emit('upload-error', file, refusal)
    await this.#jobs.run(file.id, this.#jobOf(file))
  }

  #jobOf(file: UppyFile<M, B>): Job {
    const { uppy, opts } = this
    const uploadStarted = Date.now()
    const { signal } = this.#stopped
    return {
      start: () => {
        const { source, options } = uploadOptions(file, opts)
        return this.#client.upload(source, {
          ...{ ...options, signal },
          onProgress: ({ sent, total }) => {
            const progress = { uploadStarted, bytesUploaded: sent, bytesTotal: total }
            // Uppy logs a line for every file it no longer knows.
            if (uppy.getState().files[file.id]) uppy.emit('upload-progress', file, progress)
          },
        })
      },
      stored: ({ assetId, uploadId, url }) => {
        const body = { asset_id: assetId, upload_id: uploadId } as unknown as B
        uppy.emit('upload-success', file, {
          ...{ status: 200, body },
          ...(url === '' ? {} : { uploadURL: url }),
        })
      },
      failed: (error) => {
        const { status = 0, code, requestId } = error as Partial<UploadError>
        const body = { code, request_id: requestId } as unknown as B
        uppy.emit('upload-error', file, error, { status, body })
      },
      notEnded: (error) => uppy.log(`${file.name} was not ended on the server: ${error.message}`),
    }
  }
}

declare module '@uppy/core' {
  interface PluginTypeRegistry<M extends Meta, B extends Body> {
    Partway: Partway<M, B>
  }
}
