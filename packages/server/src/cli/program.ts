import { Command } from 'commander'
import { VERSION } from '../server/version.ts'
import { assetsCommand } from './assets.ts'
import { completionCommand } from './completion.ts'
import { doctorCommand } from './doctor.ts'
import { keysCommand } from './keys.ts'
import { migrateCommand } from './migrate.ts'
import { migrateStoreCommand } from './migrate-store.ts'
import { serveCommand } from './serve.ts'
import { uploadCommand } from './upload.ts'
import { uploadsCommand } from './uploads.ts'
import { verifyCommand } from './verify.ts'

/**
 * Every command of the command line. What only a server needs is loaded by the commands that need it:
 * most are clients, and short.
 */
export function createProgram(): Command {
  const program = new Command('partway')
    .description('Take very large media files in over HTTP, in chunks, into storage you own.')
    .version(VERSION)
    .addHelpText(
      'after',
      `
Examples:
  partway serve                                 start a server on 127.0.0.1:4100
  partway upload film.mp4 --api-key pw_...      upload a file to it
  partway assets list                           see what is there

Settings are also read from PARTWAY_* variables: docs/configuration.md.`,
    )
  const commands = [
    serveCommand(),
    uploadCommand(),
    uploadsCommand(),
    assetsCommand(),
    verifyCommand(),
    keysCommand(),
    migrateCommand(),
    migrateStoreCommand(),
    doctorCommand(),
    completionCommand(program),
  ]
  for (const command of commands) program.addCommand(command)
  throwOnExit(program)
  return program
}

function throwOnExit(command: Command): void {
  command.exitOverride().showHelpAfterError('(use --help for usage)')
  for (const child of command.commands) throwOnExit(child)
}
