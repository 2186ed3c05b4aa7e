// A server that kills itself at a named step of processing, the first time it comes there. It
// runs from the sources over the real ports; only the call that marks the step is wrapped.
import child_process from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { parseArgs } from 'node:util'
import type { Media } from '../../src/core/ports.ts'
import {
  PROCESSING_STEPS,
  PROCESSING_VARIABLE,
  type ProcessingStep,
  SECOND_CHUNK,
} from './processing-steps.ts'

const steps: readonly ProcessingStep[] = [...PROCESSING_STEPS, SECOND_CHUNK]
const step = steps.find((name) => name === process.env[PROCESSING_VARIABLE])
if (!step) throw new Error(`${PROCESSING_VARIABLE} must be one of: ${steps.join(', ')}`)

/** Does not return when `here` is the step. */
function reach(here: ProcessingStep): void {
  if (here === step) process.kill(process.pid, 'SIGKILL')
}

/** Reached as soon as the next tool runs, which is left behind. */
let toolStep: ProcessingStep | undefined

// The sources take `spawn` from the module itself, so it is replaced before they are loaded.
const { spawn } = child_process
child_process.spawn = ((...args: Parameters<typeof spawn>) => {
  const tool = spawn(...args)
  const here = toolStep
  if (here) tool.once('spawn', () => reach(here))
  return tool
}) as typeof spawn
syncBuiltinESMExports()

const { openPorts } = await import('../../src/server/compose.ts')
const { readConfig } = await import('../../src/server/config.ts')
const { startServer } = await import('../../src/server/start.ts')

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    listen: { type: 'string' },
    data: { type: 'string' },
    'api-key': { type: 'string' },
  },
})
const { listen, data, 'api-key': apiKey } = values
const config = readConfig(process.env, { listen, data, apiKey })
const ports = await openPorts(config)
const { metadata, store } = ports
let recorded = 0

const media: Media = {
  ...ports.media,
  async inspect(...args) {
    toolStep = 'while the file is inspected'
    const found = await ports.media.inspect(...args)
    reach('after the inspection')
    return found
  },
  async thumbnail(...args) {
    toolStep = 'while the thumbnail is made'
    await ports.media.thumbnail(...args)
    toolStep = undefined
  },
}

const server = await startServer(config, {
  ...ports,
  media,
  metadata: {
    ...metadata,
    async recordChunks(...args) {
      const result = await metadata.recordChunks(...args)
      recorded += 1
      if (recorded === 2) reach(SECOND_CHUNK)
      return result
    },
    async changeAsset(...args) {
      const changed = await metadata.changeAsset(...args)
      const [, , { thumbnail }] = args
      if (thumbnail?.state === 'ready') reach('between the thumbnail and the HLS stream')
      return changed
    },
    async releaseAsset(...args) {
      reach('before the release')
      await metadata.releaseAsset(...args)
    },
  },
  store: {
    ...store,
    async putFile(ref, name, body) {
      const isSegment = name.startsWith('segment_')
      if (name === 'manifest.m3u8') reach('before the manifest is kept')
      await store.putFile(ref, name, isSegment ? broken(body) : body)
      if (isSegment) reach('after the first segment is kept')
    },
  },
})
console.log(`Partway is ready at ${server.url}`)

/** A body that is not the last thing this server sees only when its beginning is not the step. */
async function* broken(body: AsyncIterable<Uint8Array>) {
  for await (const piece of body) {
    yield piece
    // Whoever asks for more has written what came before.
    reach('in the middle of keeping a segment')
  }
}
