import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { atExit } from './cleanup.ts'

/** The kernel counts CPU time for user space in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100

export interface ServerProcess extends AsyncDisposable {
  url: string
  /** The lines it printed until it was ready. */
  lines: string[]
  /** CPU-seconds of all its threads so far, in user space and in the kernel. */
  cpuSeconds(): number
  /** Bytes it read so far, from files and sockets alike. */
  bytesRead(): number
  /** Most memory it ever held, in bytes. */
  peakMemory(): number
}

/** Runs `node …args` and waits for a line that ends in `ready at <url>`. */
export async function startServer(
  args: string[],
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...withoutSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const forget = atExit(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)))
    output.on('line', (line) => {
      lines.push(line)
      const ready = / ready at (\S+)$/.exec(line)
      if (ready) resolve(ready[1]!)
    })
  })
  const proc = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8')
  return {
    url,
    lines,
    cpuSeconds() {
      // proc(5): utime and stime are fields 14 and 15; the name in field 2 may hold anything.
      const fields = proc('stat').split(') ').at(-1)!.split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    bytesRead: () => Number(/^rchar: (\d+)$/m.exec(proc('io'))![1]),
    peakMemory: () => Number(/^VmHWM:\s*(\d+) kB$/m.exec(proc('status'))![1]) * 1024,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
      forget()
    },
  }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PARTWAY_')))
}
