import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import type { Command } from 'commander'
import { clientCommand, everyPage, group } from './common.ts'
import { clientFor, type ServerOptions } from './server.ts'
import { formatSize, table } from './text.ts'

const EXAMPLES = {
  list: 'partway assets list --json',
  get: 'partway assets get 507f1f77bcf86cd799439012',
  download: 'partway assets download 507f1f77bcf86cd799439012 -o film.mp4',
  delete: 'partway assets delete 507f1f77bcf86cd799439012',
}

export function assetsCommand(): Command {
  const commands = [
    clientCommand('list', EXAMPLES.list).description('list assets, newest first').action(list),
    clientCommand('get', EXAMPLES.get).description('show one asset').argument('<id>').action(get),
    clientCommand('download', EXAMPLES.download)
      .description("save an asset's content")
      .argument('<id>')
      .requiredOption('-o, --output <file>', 'where to save it')
      .action(download),
    clientCommand('delete', EXAMPLES.delete)
      .description('delete an asset')
      .argument('<id>')
      .action(remove),
  ]
  return group('assets', 'what uploads became', commands, Object.values(EXAMPLES))
}

async function list(options: ServerOptions): Promise<void> {
  const { assets } = clientFor(options)
  const all = await everyPage((page) => assets.list(page))
  if (options.json) return console.log(JSON.stringify(all))
  const rows = all.map((asset) => [
    asset._id,
    asset.status,
    asset.size === undefined ? undefined : formatSize(asset.size),
    asset.file_type,
    asset.created_at,
    asset.filename,
  ])
  console.log(table([['ASSET', 'STATUS', 'SIZE', 'TYPE', 'CREATED', 'FILE'], ...rows]))
}

async function get(id: string, options: ServerOptions): Promise<void> {
  const asset = await clientFor(options).assets.retrieve(id)
  console.log(JSON.stringify(asset, null, options.json ? 0 : 2))
}

async function download(id: string, options: ServerOptions & { output: string }): Promise<void> {
  const asset = await clientFor(options).assets.retrieve(id)
  if (!asset.url) throw new Error(`asset ${id} has no content yet: its upload is not complete`)
  const response = await fetch(asset.url)
  if (!response.ok || !response.body) {
    throw new Error(`the content could not be read: the server answered ${response.status}`)
  }
  // Under another name until it is whole, so that a broken download is never taken for the file.
  const temporary = `${options.output}.${randomUUID()}.part`
  try {
    const body = Readable.fromWeb(response.body as ReadableStream)
    await pipeline(body, createWriteStream(temporary, { flags: 'wx', flush: true }))
    await rename(temporary, options.output)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  const { output } = options
  const { size } = asset
  console.log(
    options.json
      ? JSON.stringify({ asset_id: id, output, size })
      : `Saved ${formatSize(size ?? 0)} to ${output}.`,
  )
}

async function remove(id: string, options: ServerOptions): Promise<void> {
  await clientFor(options).assets.delete(id)
  console.log(options.json ? JSON.stringify({ asset_id: id }) : `Asset ${id} is deleted.`)
}
