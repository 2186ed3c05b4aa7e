import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { NAMED_SCHEMAS } from '@partway/protocol/schemas'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import { afterAll, beforeAll, expect } from 'vitest'
import { createInspector } from '../../src/adapters/media/inspect.ts'
import type { Inspection } from '../../src/core/media-port.ts'
import { makeSample } from '../support/media-samples.ts'
import { type MediaServer, startMediaServer } from '../support/media-server.ts'

export const LIMITS = { timeoutMs: 20_000, memory: 2 * 1024 ** 3 }

function pathOf(tool: string): string | undefined {
  const { stdout } = spawnSync('/bin/sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' })
  return stdout.trim() || undefined
}

export const FFPROBE = pathOf('ffprobe')
const FFMPEG = pathOf('ffmpeg')

export type Engine = 'ffprobe' | 'embedded'

const ajv = new Ajv({ strict: false })
ajvFormats.default(ajv)
for (const schema of NAMED_SCHEMAS) ajv.addSchema(schema)

export interface InspectWorld {
  folder: string
  server: MediaServer
  /** The path of a film or sound of this name, made when it is first asked for. */
  sample(name: string): Promise<string>
  inspect(path: string, name?: string, signal?: AbortSignal): Promise<Inspection>
}

/** A folder, a server of what is in it, and the inspector with one of its engines. */
export function useInspector(engine: Engine): InspectWorld {
  const tools = engine === 'ffprobe' ? { ffprobe: FFPROBE, ffmpeg: FFMPEG } : undefined
  const inspector = createInspector({
    ...{ ffprobe: undefined, ffmpeg: undefined, ...tools, limits: LIMITS },
  })
  const samples = new Map<string, Promise<string>>()
  const world = {
    sample(name) {
      const made = samples.get(name) ?? makeSample(world.folder, name)
      samples.set(name, made)
      return made
    },
    async inspect(path, name = basename(path), signal = new AbortController().signal) {
      const found = await inspector(await world.server.source(path), name, signal)
      ajv.validate('TechnicalMetadata', found.technicalMetadata)
      expect(ajv.errors).toBeNull()
      expect(found.problem ?? 'A sentence.').toMatch(/^[A-Z][^/\\]*\.$|^The .*content is \w+\//)
      return found
    },
  } as InspectWorld
  beforeAll(async () => {
    world.folder = await mkdtemp(join(tmpdir(), 'partway-media-'))
    world.server = await startMediaServer()
  })
  afterAll(async () => {
    await world.server[Symbol.asyncDispose]()
    await rm(world.folder, { recursive: true })
  })
  return world
}

interface Report {
  format: Record<string, string> & { tags?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: what another program prints
  streams: any[]
}

/** What ffprobe itself says of a file, to compare with. */
export function askFfprobe(path: string): Report {
  const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', path]
  return JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' }))
}
