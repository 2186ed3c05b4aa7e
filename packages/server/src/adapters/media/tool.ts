import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** What one run of a tool may cost. */
export interface ToolLimits {
  /** Milliseconds. */
  timeoutMs: number
  /** Bytes of memory. */
  memory: number
}

/** `addresses`: what a program reserves. `data`: what it uses, for those that reserve far more. */
export type MemoryKind = 'addresses' | 'data'

export interface ToolResult {
  /** `false`: it was ended by a limit, a signal or its own failure. */
  ok: boolean
  /** Why it was not ok. */
  end: 'exit' | 'timeout' | 'aborted' | 'killed'
  stdout: Buffer
  /** The last few KiB. */
  stderr: string
}

/** Most that is kept of what a tool prints: more is no answer to a question of ours. */
const MAX_STDOUT = 16 * 1024 * 1024
const MAX_STDERR = 16 * 1024

// `ulimit` where the shell has it: macOS has no limits on memory. The time of the processor is
// limited as well, for a tool whose server was killed has nobody else who would end it.
const LIMITED = 'ulimit "$1" "$2" 2>/dev/null; ulimit -t "$3" 2>/dev/null; shift 3; exec "$@"'
const FLAGS: Record<MemoryKind, string> = { addresses: '-v', data: '-d' }

/**
 * Runs a program without a shell between its arguments and it, in a process group of its own
 * that is killed when time is up, when `signal` aborts, or when it prints too much.
 *
 * @throws Error when nothing can be started
 */
export function runTool(
  command: string,
  args: readonly string[],
  limits: ToolLimits,
  signal: AbortSignal,
  kind: MemoryKind = 'addresses',
): Promise<ToolResult> {
  const kibibytes = Math.ceil(limits.memory / 1024)
  const seconds = Math.ceil((limits.timeoutMs / 1000) * availableParallelism())
  const numbers = [FLAGS[kind], kibibytes, seconds].map(String)
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', LIMITED, 'sh', ...numbers, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of our settings, some of which are secrets, is a tool's business.
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
      detached: true,
    })
    const stdout: Buffer[] = []
    let printed = 0
    let stderr = ''
    let end: ToolResult['end'] = 'exit'
    const kill = (why: ToolResult['end']) => {
      if (end === 'exit') end = why
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    const timer = setTimeout(() => kill('timeout'), limits.timeoutMs)
    const abort = () => kill('aborted')
    signal.addEventListener('abort', abort, { once: true })
    child.stdout.on('data', (piece: Buffer) => {
      printed += piece.byteLength
      if (printed > MAX_STDOUT) return kill('killed')
      stdout.push(piece)
    })
    child.stderr.on('data', (piece: Buffer) => {
      stderr = (stderr + piece.toString()).slice(-MAX_STDERR)
    })
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('close', (code, signalName) => {
      settle()
      if (end === 'exit' && signalName !== null) end = 'killed'
      resolve({ ok: code === 0 && end === 'exit', end, stdout: Buffer.concat(stdout), stderr })
    })
    if (signal.aborted) abort()
  })
}
