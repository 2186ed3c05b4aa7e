import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FileEvent } from '../../src/cli/upload/events.ts'
import {
  type CommandResult,
  clientEnv,
  type Program,
  runProgram,
  startProgram,
  temporaryFolder,
} from './program.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/partway.js')

/** A server, a folder, and the command line with a memory of its own. */
export async function startCommandWorld() {
  const folder = await temporaryFolder()
  const server = await startProgram({ data: join(folder.path, 'data') })
  const env = commandEnv(server, folder.path)
  return {
    server,
    env,
    /** A path in the folder. */
    at: (...names: string[]) => join(folder.path, ...names),
    partway: (...args: string[]) => runProgram(args, env),
    async [Symbol.asyncDispose]() {
      await server.kill()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export type CommandWorld = Awaited<ReturnType<typeof startCommandWorld>>

/** Finds `server`, and remembers uploads in `folder` instead of the home of whoever runs the tests. */
export const commandEnv = (server: Pick<Program, 'url'>, folder: string) => ({
  ...clientEnv(server),
  XDG_STATE_HOME: join(folder, 'state'),
})

export const eventsOf = (stdout: string): FileEvent[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** The events of one kind. */
export const eventsNamed = <Name extends FileEvent['event']>(stdout: string, name: Name) =>
  eventsOf(stdout).filter((event) => event.event === name) as Extract<FileEvent, { event: Name }>[]

/** The only `uploaded` event. */
export function uploadedOf({ code, stdout, stderr }: CommandResult) {
  const [uploaded, ...others] = eventsNamed(stdout, 'uploaded')
  if (uploaded && others.length === 0) return uploaded
  throw new Error(`not one upload (exit code ${code}): ${stdout}${stderr}`)
}

export interface RunningCommand {
  process: ChildProcess
  stdout(): string
  /** When it has ended. */
  result: Promise<CommandResult>
}

/** Starts a command that is to get signals. */
export function startCommand(args: string[], env: Record<string, string>): RunningCommand {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const result = once(child, 'close').then(() => ({ code: child.exitCode ?? -1, stdout, stderr }))
  return { process: child, stdout: () => stdout, result }
}
