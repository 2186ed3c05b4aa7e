import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { atExit } from './cleanup.ts'

/** `ours`, or the official twelvelabs-js. */
export type ClientName = 'ours' | 'sdk'

/** To a server with one of the clients, or straight into a bucket with the AWS SDK's `Upload`. */
export type UploadOrder = { file: string } & (
  | { client: ClientName; server: string; apiKey: string }
  | { client: 'aws'; s3: AwsUpload }
)

export interface AwsUpload {
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  bucket: string
  key: string
  /** Bytes. */
  partSize: number
  /** Parts under way at once. */
  queueSize: number
}

export interface UploadFigures {
  assetId: string
  /** Where the content is. */
  url: string
  seconds: number
  /** Bytes written to files and sockets. */
  written: number
  /** Most memory it ever held, in bytes. */
  peak: number
}

/** `hangs`, or the words of an error. */
export type UploadOutcome = UploadFigures | { failed: string }

/**
 * Runs a client in a process of its own.
 *
 * @param temporary folder in which it gets one for its temporary files
 * @param limitMs when it is taken for hanging, and killed
 */
export async function runUpload(
  order: UploadOrder,
  temporary: string,
  limitMs = 600_000,
): Promise<UploadOutcome> {
  const folder = await mkdtemp(join(temporary, 'tmp-'))
  const args = [join(import.meta.dirname, 'uploader.js'), JSON.stringify(order)]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = atExit(() => child.kill('SIGKILL'))
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const closed = once(child, 'close')
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  clearTimeout(limit)
  forget()
  await rm(folder, { recursive: true, force: true })
  if (child.signalCode === 'SIGKILL') return { failed: 'hangs' }
  if (child.exitCode !== 0) return { failed: reasonOf(errors) }
  return JSON.parse(output) as UploadFigures
}

/** The first line that names an error. */
const reasonOf = (errors: string): string =>
  (/^.*Error: (.*)$/m.exec(errors)?.[1] ?? 'it crashed').trim()
