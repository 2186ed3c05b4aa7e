import { resolve } from 'node:path'
import type { Command } from 'commander'
import { clientCommand } from './common.ts'
import { UsageError } from './exit.ts'
import { findFiles } from './upload/find.ts'
import {
  type AssetOptions,
  type SendOptions,
  withAssetOptions,
  withSendOptions,
} from './upload/options.ts'
import { runUploads } from './upload/run.ts'

interface Options extends SendOptions, AssetOptions {
  recursive?: boolean
  glob?: string
  resume: boolean
}

export function uploadCommand(): Command {
  const command = clientCommand(
    'upload',
    'partway upload film.mp4 --api-key pw_...',
    'partway upload *.mp4 --metadata project=holiday --metadata take:=3',
    "partway upload -r footage --glob '*.{mp4,mov}'",
    'partway upload film.mp4 --hls --thumbnail --wait',
    'partway upload film.mp4 --server https://media.example.com --limit-rate 10MiB',
    'partway upload --type video --json capture.bin',
  )
    .description('upload files in parallel chunks; repeated after a break, it sends the rest')
    .argument('<files...>', 'files, and with -r folders')
    .option('-r, --recursive', 'upload the files of folders too')
    .option('--glob <pattern>', "only the files of folders with such names, such as '*.mp4'")
    .option('--no-resume', 'start afresh, and remember nothing')
  return withSendOptions(withAssetOptions(command))
    .addHelpText(
      'after',
      `
Ctrl-C pauses; the same command goes on. With --json every line is an event: the last of each file
is uploaded (with --wait: ready), failed or paused. All options and events: docs/cli.md.`,
    )
    .action(run)
}

async function run(paths: string[], options: Options): Promise<void> {
  const { recursive, glob, type, metadata, hls, thumbnail, resume } = options
  if (glob !== undefined && !recursive) {
    throw new UsageError('--glob chooses among the files of folders: give -r too.')
  }
  const found = await findFiles(paths, {
    ...(recursive ? { recursive } : {}),
    ...(glob === undefined ? {} : { glob }),
    ...(type === undefined ? {} : { type }),
  })
  process.exitCode = await runUploads(found, {
    ...{ options, resume },
    upload: {
      ...(metadata ? { userMetadata: metadata } : {}),
      ...(hls ? { enableHls: hls } : {}),
      ...(thumbnail ? { enableThumbnail: thumbnail } : {}),
      ...(resume ? {} : { resume }),
    },
    command: ['upload', paths.map((path) => resolve(path)), glob, type, metadata, hls, thumbnail],
  })
}
