import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const PROGRAM = join(import.meta.dirname, '../../bin/partway.js')
const STATE = mkdtempSync(join(tmpdir(), 'partway-state-'))
process.on('exit', () => rmSync(STATE, { recursive: true, force: true }))

export const TEST_KEY = 'pw_test-key-for-the-suite'

export interface Program extends AsyncDisposable {
  url: string
  data: string
  process: ChildProcess
  /** Everything it wrote to standard output so far. */
  stdout(): string
  /** Everything it wrote to standard error so far. */
  stderr(): string
  /** The exit code once it has ended, `null` when it was killed. */
  ended: Promise<number | null>
  /** Sends `signal` and waits for the end; resolves to the exit code, `null` when killed. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ProgramOptions {
  data: string
  env?: Record<string, string>
  /** What to run instead of the built program. */
  command?: string[]
  /** `null`: the option is not given. @default {@link TEST_KEY} */
  apiKey?: string | null
  /** @default a free port of 127.0.0.1 */
  listen?: string
}

/** Starts the built program and waits until it says it is ready. It ends with `await using`. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { data, env = {}, command = [process.execPath, PROGRAM] } = options
  const { apiKey = TEST_KEY, listen = '127.0.0.1:0' } = options
  const [executable, ...args] = command
  const key = apiKey === null ? [] : ['--api-key', apiKey]
  const child = spawn(executable!, [...args, 'serve', '--listen', listen, '--data', data, ...key], {
    env: { ...cleanEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'close').then(() => child.exitCode)
  const url = await new Promise<string>((resolve, reject) => {
    ended.then((code) => reject(new Error(`the server ended with ${code}: ${errors}`)), reject)
    createInterface({ input: child.stdout! }).on('line', (line) => {
      output += `${line}\n`
      const ready = /^Partway is ready at (\S+)$/.exec(line)
      if (ready) resolve(ready[1]!)
    })
  })
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return ended
  }
  return {
    url,
    data,
    process: child,
    stdout: () => output,
    stderr: () => errors,
    ended,
    kill,
    async [Symbol.asyncDispose]() {
      await kill()
    },
  }
}

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

/** Runs one command of the built program to its end; after a minute it is killed (code -1). */
export function runProgram(
  args: string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args],
      { env: { ...cleanEnv(), ...env }, timeout: 60_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
      },
    )
  })
}

/** Settings by which a command of the program finds `server`. */
export function clientEnv(server: Pick<Program, 'url'>, apiKey = TEST_KEY): Record<string, string> {
  return { PARTWAY_SERVER: server.url, PARTWAY_API_KEY: apiKey }
}

/** The environment without settings of ours that happen to be set. */
function cleanEnv(): Record<string, string> {
  const ours = /^(PARTWAY_|TWELVELABS_|TWELVE_LABS_)/
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !ours.test(name),
  )
  // What uploads remember is the test's own.
  return { ...(Object.fromEntries(entries) as Record<string, string>), XDG_STATE_HOME: STATE }
}

/** A folder that is gone when the test is over: `await using`. */
export async function temporaryFolder(prefix = 'partway-test-') {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
