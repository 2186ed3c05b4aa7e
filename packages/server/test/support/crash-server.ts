// A server that kills itself at a named step, the first time it comes there. It runs from the
// sources over the real ports; only the call that marks the step is wrapped.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { parseArgs } from 'node:util'
import { CRASH_STEPS, CRASH_VARIABLE, type CrashStep } from './crash-steps.ts'

const step = CRASH_STEPS.find((name) => name === process.env[CRASH_VARIABLE])
if (!step) throw new Error(`${CRASH_VARIABLE} must be one of: ${CRASH_STEPS.join(', ')}`)

/** Does not return when `here` is the step. */
function reach(here: CrashStep): void {
  if (here === step) process.kill(process.pid, 'SIGKILL')
}

// The sources take `rename` from the module itself, so it is replaced before they are loaded.
const { rename } = fs
fs.rename = async (from, to) => {
  // The second chunk's, so that by then one is stored and reported.
  const body = /[/\\]2\.[0-9a-f]{64}$/.test(String(to))
  const folder = /[/\\]objects[/\\][0-9a-f]{24}$/.test(String(to))
  if (body) reach('after the body is written')
  if (folder) reach('before the folder is renamed')
  await rename(from, to)
  if (body) reach('after the body is renamed')
  if (folder) reach('after the folder is renamed')
}
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

const server = await startServer(config, {
  ...ports,
  metadata: {
    ...metadata,
    async recordChunks(...args) {
      const recorded = await metadata.recordChunks(...args)
      reach('after the report is recorded')
      return recorded
    },
    async completeUpload(...args) {
      const first = await metadata.completeUpload(...args)
      reach('before the answer')
      return first
    },
  },
  store: {
    ...store,
    async seal(...args) {
      reach('between record and seal')
      const object = await store.seal(...args)
      reach('after seal')
      return object
    },
  },
})
console.log(`Partway is ready at ${server.url}`)
