import { spawn } from 'node:child_process'

/** What one run of a tool may cost. */
export interface ToolLimits {
  /** Milliseconds. */
  timeoutMs: number
  /** Bytes of address space; `undefined` for tools that reserve more than they use. */
  memory: number | undefined
}

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

// `ulimit` where the shell has it: macOS has no limit on address space.
const LIMITED = 'ulimit -v "$0" 2>/dev/null; exec "$@"'

/**
 * Runs a program without a shell between its arguments and it, in a process group of its own
 * that is killed when time is up, when `signal` aborts, or when it prints too much.
 *
 * @throws Error with `code` ENOENT when there is no such program
 */
export function runTool(
  command: string,
  args: readonly string[],
  limits: ToolLimits,
  signal: AbortSignal,
  options: { cwd?: string } = {},
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const limited = limits.memory !== undefined
    const child = spawn(
      limited ? '/bin/sh' : command,
      limited ? ['-c', LIMITED, String(Math.ceil(limits.memory! / 1024)), command, ...args] : args,
      {
        ...options,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Nothing of our settings, some of which are secrets, is a tool's business.
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
        detached: true,
      },
    )
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
