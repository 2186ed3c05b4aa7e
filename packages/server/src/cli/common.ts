import { createClient, UploadError } from '@partway/client/node'
import type { PageInfo, PageQuery } from '@partway/protocol'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { ConfigError } from '../server/config.ts'

// Exit codes: 0 done, 1 failed, 2 bad usage or wrong settings.
const EXIT_FAILED = 1
const EXIT_USAGE = 2

export interface ServerOptions {
  server: string
  apiKey?: string
}

/** A command that talks to a running server. */
export function clientCommand(name: string, ...examples: string[]): Command {
  return withExamples(new Command(name), ...examples)
    .option('--server <url>', 'the server to talk to (PARTWAY_SERVER)', serverUrl)
    .option('--api-key <key>', 'the API key (PARTWAY_API_KEY)')
    .option('--json', 'print JSON')
}

/** The client for the server and key of the command line, else of the environment. */
export function clientFor(options: Partial<ServerOptions>, env: NodeJS.ProcessEnv = process.env) {
  const server = options.server ?? serverUrl(env.PARTWAY_SERVER ?? 'http://127.0.0.1:4100')
  const apiKey = options.apiKey ?? env.PARTWAY_API_KEY
  if (!apiKey) {
    throw new UsageError('An API key is needed: give --api-key or set PARTWAY_API_KEY.')
  }
  return createClient({ server, apiKey })
}

/** Adds examples to the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const lines = examples.map((example) => `  ${example}`).join('\n')
  return command.addHelpText('after', `\nExamples:\n${lines}`)
}

/** A command that only holds others. */
export function group(
  name: string,
  description: string,
  commands: Command[],
  examples: string[],
): Command {
  const parent = withExamples(new Command(name).description(description), ...examples)
  for (const command of commands) parent.addCommand(command)
  return parent
}

/** The items of every page of a list. */
export async function everyPage<T>(
  list: (query: PageQuery) => Promise<{ data: T[]; page_info: PageInfo }>,
): Promise<T[]> {
  const all: T[] = []
  for (let page = 1; ; page++) {
    const { data, page_info } = await list({ page, page_limit: 50 })
    all.push(...data)
    if (page >= page_info.total_page) return all
  }
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

function serverUrl(text: string): string {
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) {
    throw new InvalidArgumentError('It must be a URL such as http://127.0.0.1:4100.')
  }
  return text
}

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a whole number from 1.')
}

/** Says what went wrong on standard error; returns the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error instanceof InvalidArgumentError) console.error(error.message)
    // Commander has printed its message already; help and --version end with 0.
    return error.exitCode === 0 ? 0 : EXIT_USAGE
  }
  if (error instanceof ConfigError || error instanceof UsageError) {
    console.error(error.message)
    return EXIT_USAGE
  }
  if (error instanceof UploadError) {
    const id = error.requestId ? ` (request ${error.requestId})` : ''
    console.error(`Failed: ${error.message} [${error.code}]${id}`)
    return EXIT_FAILED
  }
  console.error(`Failed: ${error instanceof Error ? error.message : String(error)}`)
  return EXIT_FAILED
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 GiB` */
export function formatSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** Rows with their columns aligned; the first row is the heading. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
