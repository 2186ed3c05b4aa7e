import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { UploadedAsset, UploadOptions, UploadProgress } from '@partway/client'

/** What {@link file://./uploader.ts} is to do. */
export interface UploadTask {
  server: string
  apiKey: string
  file: string
  /** Folder of the journals. */
  journals?: string
  /** `fetch`: what every environment has. @default node */
  transport?: 'node' | 'fetch'
  options?: Pick<UploadOptions, 'concurrency' | 'limitRate' | 'uploadId'>
  /** Abort, abort by signal, or pause and resume, when this part of the bytes has left: 0 to 1. */
  abortAt?: number
  signalAt?: number
  pauseAt?: number
  /** Resume at once, before the pause is complete. */
  hasty?: boolean
}

export interface ToldError {
  name: string
  message: string
  code: string | undefined
  status: number | undefined
  chunkIndex: number | undefined
}

export type UploadEvent =
  | { kind: 'progress'; progress: UploadProgress; memory: number }
  | { kind: 'paused'; progress: UploadProgress }
  | { kind: 'resumed' }
  | { kind: 'aborted' }
  | { kind: 'done'; asset: UploadedAsset }
  | { kind: 'failed'; error: ToldError }

export interface UploadRun {
  events: UploadEvent[]
  asset: UploadedAsset | undefined
  error: ToldError | undefined
  /** `null` when it was killed. */
  code: number | null
  stderr: string
}

export interface Uploader {
  /** When the process has ended, by itself or not. */
  ended: Promise<UploadRun>
  kill(): void
}

/** A process that does not end by itself within this time has left something open. */
const LIMIT_MS = 110_000

/** Starts a process that uploads a file with the client as it is in the source. */
export function startUploader(task: UploadTask): Uploader {
  const script = join(import.meta.dirname, 'uploader.ts')
  const args = ['--conditions=partway-source', script, JSON.stringify(task)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const events: UploadEvent[] = []
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    // The last line of a process that was killed may be cut off.
    if (line.endsWith('}')) events.push(JSON.parse(line))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then((): UploadRun => {
    clearTimeout(limit)
    const done = events.find((event) => event.kind === 'done')
    const failed = events.find((event) => event.kind === 'failed')
    return { events, asset: done?.asset, error: failed?.error, code: child.exitCode, stderr }
  })
  return { ended, kill: () => child.kill('SIGKILL') }
}

export const runUploader = (task: UploadTask): Promise<UploadRun> => startUploader(task).ended

/** What the progress events say, in order. */
export const progressOf = ({ events }: UploadRun): UploadProgress[] =>
  events.flatMap((event) => (event.kind === 'progress' ? [event.progress] : []))
