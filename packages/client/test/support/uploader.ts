// Uploads one file and tells what happens as JSON lines: a process of its own, so that it can be
// killed, and so that whatever is left open or unhandled shows in how it ends.
import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import {
  createClient as createWebClient,
  fromBlob,
  type Source,
  type UploadError,
  type UploadOptions,
} from '@partway/client'
import { createClient, type FileSource, openFile } from '@partway/client/node'
import type { UploadEvent, UploadTask } from './run-uploader.ts'

const task = JSON.parse(process.argv[2]!) as UploadTask
const tell = (event: UploadEvent) => process.stdout.write(`${JSON.stringify(event)}\n`)

const { server, apiKey, file, journals, transport = 'node', abortAt, pauseAt, signalAt } = task
const client =
  transport === 'fetch'
    ? createWebClient({ server, apiKey })
    : createClient({ server, apiKey, ...(journals === undefined ? {} : { journals }) })
const source =
  transport === 'fetch' ? fromBlob(await openAsBlob(file), basename(file)) : await openFile(file)

const stopper = new AbortController()
const options: UploadOptions = { ...task.options, type: 'video', signal: stopper.signal }
const upload = client.upload(source, options)

/** What is to be done when this part of the file has left. */
const plan: [number | undefined, () => unknown][] = [
  [pauseAt, pause],
  [abortAt, () => upload.abort().then(() => tell({ kind: 'aborted' }))],
  [signalAt, () => stopper.abort(new Error('enough'))],
]

async function pause(): Promise<void> {
  const paused = upload.pause()
  if (task.hasty) return upload.resume()
  await paused
  tell({ kind: 'paused', progress: upload.progress })
  await new Promise((resolve) => setTimeout(resolve, 300))
  tell({ kind: 'resumed' })
  upload.resume()
}

async function follow(): Promise<void> {
  for await (const progress of upload) {
    tell({ kind: 'progress', progress, memory: process.memoryUsage.rss() })
    for (const step of plan) {
      const [at, run] = step
      if (at === undefined || progress.sent < at * progress.total) continue
      step[0] = undefined
      run()
    }
  }
}

const toldOf = ({ name, message, code, status, chunkIndex }: Error & Partial<UploadError>) => ({
  ...{ name, message, code, status, chunkIndex },
})

const isOpen = (from: Source): from is FileSource => Symbol.asyncDispose in from

const following = follow().catch(() => {})
try {
  const asset = await upload.done()
  await following
  tell({ kind: 'done', asset })
} catch (error) {
  tell({ kind: 'failed', error: toldOf(error as Error & Partial<UploadError>) })
} finally {
  await following
  if (isOpen(source)) await source[Symbol.asyncDispose]()
}
