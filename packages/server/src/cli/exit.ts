import { UploadError } from '@partway/client/node'
import { CommanderError, InvalidArgumentError } from 'commander'
import { ConfigError } from '../server/config.ts'

/** What the program ends with; 0 is done. */
export const EXIT = {
  failed: 1,
  /** Bad usage or wrong settings; nothing was tried. */
  usage: 2,
  /** Ctrl-C, as shells say it. */
  interrupted: 130,
} as const

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Says what went wrong on standard error; returns the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error instanceof InvalidArgumentError) console.error(error.message)
    // Commander has printed its message already; help and --version end with 0.
    return error.exitCode === 0 ? 0 : EXIT.usage
  }
  if (error instanceof ConfigError || error instanceof UsageError) {
    console.error(error.message)
    return EXIT.usage
  }
  console.error(`Failed: ${reasonOf(error)}`)
  return EXIT.failed
}

/** Why something failed, in one line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof UploadError)) return error instanceof Error ? error.message : String(error)
  const id = error.requestId ? ` (request ${error.requestId})` : ''
  const hint = isNoApi(error) ? ' Is --server the address of the server, without any path?' : ''
  return `${error.message} [${error.code}]${id}${hint}`
}

/** Something answers, but not this API: its own 404 for what is missing is `resource_not_exist`. */
const isNoApi = ({ code, status }: UploadError) =>
  code === 'invalid_answer' || (status === 404 && /^(not_found|generic_error)$/.test(code))

/** What `node:fs` says about a file, in words. */
export function fileReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file.'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read by this user.'
  if (code === 'ELOOP') return 'it is a link that leads to itself.'
  return message
}
