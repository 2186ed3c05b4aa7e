import { resolve } from 'node:path'
import type { Command } from 'commander'
import { clientCommand, everyPage, group } from './common.ts'
import { clientFor, type ServerOptions } from './server.ts'
import { formatSize, printable, table, UNKNOWN } from './text.ts'
import { findFiles } from './upload/find.ts'
import { type SendOptions, withSendOptions } from './upload/options.ts'
import { runUploads } from './upload/run.ts'

const EXAMPLES = {
  list: 'partway uploads list --json',
  status: 'partway uploads status 507f1f77bcf86cd799439011',
  resume: 'partway uploads resume 507f1f77bcf86cd799439011 film.mp4',
  abort: 'partway uploads abort 507f1f77bcf86cd799439011',
}

export function uploadsCommand(): Command {
  const commands = [
    clientCommand('list', EXAMPLES.list).description('list uploads not completed').action(list),
    clientCommand('status', EXAMPLES.status)
      .description('show one upload')
      .argument('<id>')
      .action(status),
    withSendOptions(clientCommand('resume', EXAMPLES.resume))
      .description('send the rest of a file, also from another machine')
      .argument('<id>', 'the upload')
      .argument('<file>', 'the file, as it was when the upload began')
      .action(resume),
    clientCommand('abort', EXAMPLES.abort)
      .description('end an upload')
      .argument('<id>')
      .action(abort),
  ]
  return group('uploads', 'uploads that are under way', commands, Object.values(EXAMPLES))
}

async function list(options: ServerOptions): Promise<void> {
  const { uploads } = clientFor(options)
  const all = await everyPage((page) => uploads.list(page))
  if (options.json) return console.log(JSON.stringify(all))
  const rows = all.map((upload) => [
    upload.upload_id,
    upload.status,
    `${upload.chunks_completed ?? UNKNOWN}/${upload.total_chunks}`,
    formatSize(upload.total_size),
    upload.expires_at,
    upload.filename,
  ])
  console.log(table([['UPLOAD', 'STATUS', 'CHUNKS', 'SIZE', 'EXPIRES', 'FILE'], ...rows]))
}

async function status(id: string, options: ServerOptions): Promise<void> {
  const detail = await clientFor(options).uploads.status(id, { page_limit: 50 })
  if (options.json) return console.log(JSON.stringify(detail))
  const { chunks_completed, chunks_failed, chunks_pending, total_chunks = UNKNOWN } = detail
  const { filename = `Upload ${id}`, asset_id = UNKNOWN, expires_at = UNKNOWN } = detail
  console.log(
    [
      `${printable(filename)} (${formatSize(detail.total_size)}) is ${detail.status}.`,
      `  chunks   ${chunks_completed} of ${total_chunks} reported, ${chunks_pending} pending, ${chunks_failed} failed`,
      `  bytes    ${formatSize(detail.uploaded_size)} of ${formatSize(detail.total_size)}`,
      `  asset    ${asset_id}`,
      `  expires  ${expires_at}`,
    ].join('\n'),
  )
}

async function resume(id: string, path: string, options: SendOptions): Promise<void> {
  // The server knows what it is; what is said here only keeps the name from mattering.
  const found = await findFiles([path], { type: 'video' })
  process.exitCode = await runUploads(found, {
    ...{ options, upload: { uploadId: id }, resume: true, compare: true },
    command: ['resume', id, resolve(path)],
  })
}

async function abort(id: string, options: ServerOptions): Promise<void> {
  await clientFor(options).uploads.abort(id)
  console.log(options.json ? JSON.stringify({ upload_id: id }) : `Upload ${id} is aborted.`)
}
