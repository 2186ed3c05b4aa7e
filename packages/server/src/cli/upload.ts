import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type FileSource, openFile, type UploadedAsset } from '@partway/client/node'
import { type AssetType, typeOfFilename } from '@partway/protocol'
import cliProgress from 'cli-progress'
import { type Command, Option } from 'commander'
import {
  clientCommand,
  clientFor,
  formatSize,
  positiveInteger,
  type ServerOptions,
  UsageError,
} from './common.ts'

const TYPES = ['video', 'audio', 'image', 'document'] as const

interface Options extends Partial<ServerOptions> {
  json?: boolean
  type?: AssetType
  concurrency: number
}

export function uploadCommand(): Command {
  return clientCommand(
    'upload',
    'partway upload film.mp4 --api-key pw_...',
    'partway upload --type video --json capture.bin',
    'partway upload film.mp4 --server https://media.example.com --concurrency 8',
  )
    .description('upload a file in parallel chunks')
    .argument('<file>', 'the file to upload')
    .addOption(
      new Option('--type <type>', 'what it is; by default told by its name').choices(TYPES),
    )
    .option('--concurrency <n>', 'chunks under way at once', positiveInteger, 4)
    .addHelpText(
      'after',
      '\nWith --json the last line is one object: upload_id, asset_id, url, sha256.',
    )
    .action(run)
}

async function run(path: string, options: Options): Promise<void> {
  const client = clientFor(options)
  await using source = await openFile(path)
  if (source.size === 0) throw new UsageError(`${path} is empty; there is nothing to upload.`)
  const type = options.type ?? typeOf(path)
  const bar = progressBar(source, options.json === true)
  const started = performance.now()
  let result: UploadedAsset
  let sha256: string
  try {
    // Hashed on its own while the chunks go out; the pages are in the cache anyway.
    ;[result, sha256] = await Promise.all([
      client
        .upload(source, {
          type,
          concurrency: options.concurrency,
          onProgress: ({ sent }) => bar?.update(sent),
        })
        .done(),
      sha256Of(path),
    ])
  } finally {
    bar?.stop()
  }
  if (options.json) {
    const { uploadId, assetId, url } = result
    console.log(JSON.stringify({ upload_id: uploadId, asset_id: assetId, url, sha256 }))
    return
  }
  const seconds = (performance.now() - started) / 1000
  const rate = formatSize(source.size / seconds)
  console.log(
    `Uploaded ${source.name}: ${formatSize(source.size)} in ${seconds.toFixed(1)} s, ${rate}/s`,
  )
  console.log(`  asset   ${result.assetId}\n  sha256  ${sha256}\n  url     ${result.url}`)
}

function progressBar({ name, size }: FileSource, json: boolean) {
  if (json || !process.stderr.isTTY) return undefined
  const bar = new cliProgress.SingleBar(
    {
      format: `${name} {bar} {percentage}% | {value} of {total} | {eta_formatted} left`,
      formatValue: (value, _options, kind) =>
        kind === 'value' || kind === 'total' ? formatSize(value) : String(value),
      hideCursor: true,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(size, 0)
  return bar
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}

function typeOf(path: string): AssetType {
  const type = typeOfFilename(path)
  if (type) return type
  throw new UsageError(
    `The type of ${path} is not told by its name: give --type ${TYPES.join('|')}.`,
  )
}
