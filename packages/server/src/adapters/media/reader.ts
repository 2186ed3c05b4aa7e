import { fileURLToPath } from 'node:url'
import type { TechnicalMetadata } from '@partway/protocol'
import { MediaError, type MediaSource } from '../../core/media-port.ts'
import { UnreachableSourceError } from './byte-source.ts'
import { checkEnd } from './ffprobe.ts'
import type { Found } from './found.ts'
import { PROBLEMS } from './problems.ts'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './reader/main.ts' : './media-reader.js',
    import.meta.url,
  ),
)

/** With less, Node does not even start, in bytes. */
const LEAST_MEMORY = 2 ** 30

/** It starts nothing and writes nothing, whatever becomes of it. */
const CONFINED = ['--permission', '--allow-fs-read=*']
/** sharp is native code, to which the above means nothing; Node warns of that every time. */
const WITH_NATIVE_CODE = ['--allow-addons', '--disable-warning=PERM0001']

/**
 * Runs our own reader of media as a program of its own, because what it reads comes from
 * strangers: a parser that crashes, never ends or eats all memory takes nothing else along.
 *
 * @param native whether the command decodes images, which takes native code
 */
export function runReader(
  args: readonly string[],
  limits: ToolLimits,
  signal: AbortSignal,
  native = true,
): Promise<ToolResult> {
  const memory = Math.max(limits.memory, LEAST_MEMORY)
  const heap = Math.ceil(memory / 2 / 1024 / 1024)
  const confined = native ? [...CONFINED, ...WITH_NATIVE_CODE] : CONFINED
  return runTool(
    process.execPath,
    [`--max-old-space-size=${heap}`, ...confined, ENTRY, ...args],
    { ...limits, memory },
    signal,
    'data',
  )
}

/** What a reader can say of a file. */
export type Answer =
  | { found: Found }
  | { metadata: TechnicalMetadata; problem?: string | undefined }

/**
 * Has the embedded reader look at a file of a known type.
 *
 * @throws MediaError when the content is the reason that it cannot be read
 * @throws UnreachableSourceError when the source does not answer
 */
export async function askReader(
  { url, size }: MediaSource,
  mimeType: string,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<Answer> {
  const args = ['inspect', url, String(size), mimeType]
  const result = await runReader(args, limits, signal, mimeType.startsWith('image/'))
  if (!result.ok) throw readerError(result, signal)
  try {
    return JSON.parse(result.stdout.toString()) as Answer
  } catch (cause) {
    throw new MediaError(PROBLEMS.damaged, { cause })
  }
}

/** What a failure of the reader means; its last line says which kind it is. */
export function readerError(result: ToolResult, signal: AbortSignal): Error {
  try {
    const { name, message } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '')
    if (name === 'UnreachableSourceError') return new UnreachableSourceError(message)
    if (name === 'MediaError') return new MediaError(message)
  } catch {
    // It did not come to saying why.
  }
  try {
    checkEnd(result, signal)
  } catch (error) {
    return error as Error
  }
  return new MediaError(PROBLEMS.damaged)
}
