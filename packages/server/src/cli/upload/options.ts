import type { AssetType, UserMetadataInput } from '@partway/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseSize } from '../../server/units.ts'
import type { ServerOptions } from '../server.ts'

export const TYPES = ['video', 'audio', 'image', 'document'] as const

/** How files are sent; common to all commands that send some. */
export interface SendOptions extends ServerOptions {
  concurrency: number | 'auto'
  limitRate?: number
  wait?: boolean
}

/** What the assets are to be. */
export interface AssetOptions {
  type?: AssetType
  metadata?: UserMetadataInput
  hls?: boolean
  thumbnail?: boolean
}

export function withSendOptions(command: Command): Command {
  return command
    .option('--concurrency <n>', 'chunks under way at once, or auto', parseConcurrency, 'auto')
    .option('--limit-rate <size>', 'most bytes a second, such as 10MiB', parseRate)
    .option('--wait', 'wait until the asset is ready, or fail with it')
}

export function withAssetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--type <type>', 'what it is; by default told by its name').choices(TYPES),
    )
    .option('--metadata <k=v>', 'a value of your own, k:=v as JSON; repeatable', addMetadata)
    .option('--hls', 'have an HLS stream made')
    .option('--thumbnail', 'have a thumbnail made')
}

/** `auto`, or a whole number from 1 to 64. */
function parseConcurrency(text: string): number | 'auto' {
  if (text === 'auto') return text
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 64) return value
  throw new InvalidArgumentError('It must be auto or a whole number from 1 to 64.')
}

/** `10MiB` or `10MiB/s`. */
function parseRate(text: string): number {
  try {
    return parseSize(text.replace(/\/s$/, ''))
  } catch {
    throw new InvalidArgumentError('It must be a size such as 10MiB or 512KiB.')
  }
}

/** Adds `k=v`, which is text, or `k:=v`, which is a number, true, false or text in JSON. */
export function addMetadata(text: string, before: UserMetadataInput = {}): UserMetadataInput {
  const [, key, sign, value] = /^(.+?)(:?=)(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError(
      'It must be a key and a value, such as title=Holiday or take:=3.',
    )
  }
  return { ...before, [key]: sign === '=' ? value : parseScalar(value) }
}

function parseScalar(text: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(text)
    if (['string', 'number', 'boolean'].includes(typeof value)) return value as string
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('After := there must be a number, true, false or "text".')
}
