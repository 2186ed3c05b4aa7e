import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client, UploadOptions } from '@partway/client/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileEvent } from '../../src/cli/upload/events.ts'
import { createFileRun } from '../../src/cli/upload/file-run.ts'
import type { LocalFile } from '../../src/cli/upload/find.ts'
import type { Finished } from '../../src/cli/upload/finished.ts'

const IDS = { upload_id: 'u1', asset_id: 'a1' }
const SENT = { assetId: 'a2', uploadId: 'u2', url: 'http://server/content/a2' }

let folder: string
let file: LocalFile
let log: string[]
let events: FileEvent[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'partway-file-run-'))
  const path = join(folder, 'film.mp4')
  await writeFile(path, 'some bytes')
  const { size, mtimeMs: modified } = await stat(path)
  file = { path, realPath: path, name: 'film.mp4', size, modified, type: 'video' }
  log = []
  events = []
})
afterEach(() => rm(folder, { recursive: true }))

/** A run after one that noted asset a1, whose status is now this. */
function runAfter(status: 'ready' | 'failed') {
  const note = (what: string) => async () => {
    log.push(what)
  }
  const finished: Finished = {
    find: () => ({ ...IDS, sha256: 'digest' }),
    add: note('noted'),
    drop: note('note dropped'),
    forget: note('all forgotten'),
  }
  const client = {
    forget: note('journal forgotten'),
    assets: { retrieve: async () => ({ status, url: 'http://server/content/a1' }) },
    upload(_source: unknown, { onUploaded }: UploadOptions) {
      log.push('sent')
      const asset = { ...SENT, size: 10, chunkSize: 10, digests: [] }
      const done = async () => {
        await onUploaded?.(asset)
        log.push('journal of the new one forgotten')
        return asset
      }
      return { id: 'u2', assetId: 'a2', done }
    },
  } as unknown as Client
  const view = { show: (event: FileEvent) => events.push(event) }
  return createFileRun({
    ...{ client, upload: {}, finished, signal: new AbortController().signal },
    view: view as never,
  })
}

describe('a file that an earlier run of the same command has noted as uploaded', () => {
  it('is not sent again, and what was remembered of sending it is forgotten', async () => {
    expect(await runAfter('ready').send(file)).toMatchObject(IDS)

    expect(log).toEqual(['journal forgotten'])
    expect(events).toMatchObject([{ event: 'uploaded', ...IDS, seconds: 0 }])
  })

  it('is sent again when its asset came to nothing, and noted before its journal is forgotten', async () => {
    expect(await runAfter('failed').send(file)).toMatchObject({ upload_id: 'u2' })

    expect(log).toEqual([
      ...['journal forgotten', 'note dropped', 'sent', 'noted'],
      'journal of the new one forgotten',
    ])
  })
})
