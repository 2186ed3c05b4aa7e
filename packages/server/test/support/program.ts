import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const PROGRAM = join(import.meta.dirname, '../../bin/partway.js')
export const TEST_KEY = 'pw_test-key-for-the-suite'

export interface Program {
  url: string
  data: string
  process: ChildProcess
  /** Everything it wrote to standard error so far. */
  stderr(): string
  /** Sends `signal` and waits for the end; resolves to the exit code, `null` when killed. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ProgramOptions {
  data: string
  env?: Record<string, string>
  /** What to run instead of the built program. */
  command?: string[]
  /** @default {@link TEST_KEY} */
  apiKey?: string
}

/** Starts the built program on a free port and waits until it says it is ready. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { data, env = {}, command = [process.execPath, PROGRAM], apiKey = TEST_KEY } = options
  const [executable, ...args] = command
  const child = spawn(
    executable!,
    [...args, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--api-key', apiKey],
    { env: { ...cleanEnv(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const ready = /^Partway is ready at (\S+)$/.exec(line)
      if (ready) resolve(ready[1]!)
    })
  })
  return {
    url,
    data,
    process: child,
    stderr: () => errors,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
      return child.exitCode
    },
  }
}

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

/** Runs one command of the built program to its end. */
export function runProgram(
  args: string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args],
      { env: { ...cleanEnv(), ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
      },
    )
  })
}

/** The environment without settings of ours that happen to be set. */
export function cleanEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !name.startsWith('PARTWAY_'),
  )
  return Object.fromEntries(entries) as Record<string, string>
}

/** A folder that is gone when the test is over: `await using`. */
export async function temporaryFolder(prefix = 'partway-test-') {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
