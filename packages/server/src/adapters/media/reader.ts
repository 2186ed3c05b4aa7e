import { fileURLToPath } from 'node:url'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './reader/main.ts' : './media-reader.js',
    import.meta.url,
  ),
)

/**
 * Runs our own reader of media as a program of its own, because what it reads comes from
 * strangers: a parser that crashes, never ends or eats all memory takes nothing else along.
 */
export function runReader(
  args: readonly string[],
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<ToolResult> {
  const heap = Math.ceil((limits.memory ?? 2 ** 30) / 1024 / 1024)
  return runTool(
    process.execPath,
    [`--max-old-space-size=${heap}`, ENTRY, ...args],
    // Node reserves far more addresses than it uses memory, so its own limit has to do.
    { ...limits, memory: undefined },
    signal,
  )
}
