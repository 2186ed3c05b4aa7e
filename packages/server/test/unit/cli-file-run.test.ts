import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, UploadError, type UploadOptions } from '@partway/client/node'
import type { Asset } from '@partway/protocol'
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

/** A run after one that noted asset a1, of which the server now says this. */
function runAfter(retrieve: () => Promise<Partial<Asset>>, signal = new AbortController().signal) {
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
    assets: { retrieve },
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
    ...{ client, upload: {}, finished, signal },
    view: view as never,
  })
}

const is = (asset: Partial<Asset>) => async () => asset

describe('a file that an earlier run of the same command has noted as uploaded', () => {
  it('is not sent again, and what was remembered of sending it is forgotten', async () => {
    const run = runAfter(is({ status: 'ready', url: 'http://server/content/a1' }))

    expect(await run.send(file, 'auto')).toMatchObject(IDS)

    expect(log).toEqual(['journal forgotten'])
    expect(events).toMatchObject([{ event: 'uploaded', ...IDS, seconds: 0 }])
  })

  it('is not sent again where the server does not tell the URL of its content', async () => {
    expect(await runAfter(is({ status: 'ready' })).send(file, 'auto')).toMatchObject(IDS)

    expect(log).toEqual(['journal forgotten'])
  })

  it.each([
    ['has failed', is({ status: 'failed', url: 'http://server/content/a1' })],
    ['is gone', refused({ code: 'resource_not_exist', status: 404 })],
  ])(
    'is sent again when its asset %s, and noted before its journal is forgotten',
    async (_state, retrieve) => {
      expect(await runAfter(retrieve).send(file, 'auto')).toMatchObject({ upload_id: 'u2' })

      expect(log).toEqual([
        ...['journal forgotten', 'note dropped', 'sent', 'noted'],
        'journal of the new one forgotten',
      ])
    },
  )
})

describe('a file whose asset is waited for', () => {
  const uploaded = { ...IDS, sha256: 'digest', url: 'http://server/content/a1' }

  it.each([
    ['the server is gone', 'network_error', refused({ code: 'network_error', retryable: false })],
    ['the key is revoked', 'api_key_invalid', refused({ code: 'api_key_invalid', status: 401 })],
    [
      'its stream cannot be made',
      'rendition_failed',
      is({ status: 'ready', hls: { status: 'error', error: { message: 'no' } } } as Partial<Asset>),
    ],
  ])('is not sent again because %s', async (_reason, code, retrieve) => {
    await runAfter(retrieve).wait(file, uploaded)

    expect(events.at(-1)).toMatchObject({ event: 'failed', code, ...IDS })
    expect(log).toEqual([])
  })
})

describe('after Ctrl-C', () => {
  const uploaded = { ...IDS, sha256: 'digest', url: 'http://server/content/a1' }

  it('a file whose turn had not come is paused', async () => {
    const run = runAfter(is({ status: 'ready' }), AbortSignal.abort())

    expect(await run.send(file, 'auto')).toBeUndefined()

    expect(events).toEqual([{ event: 'paused', file: file.path }])
    expect(run.tally).toMatchObject({ failed: 0, paused: [{ path: file.path }] })
  })

  it('a file that is waited for is paused, and so is one that was to be', async () => {
    const interrupt = new AbortController()
    const run = runAfter(async () => {
      interrupt.abort()
      return { status: 'processing' }
    }, interrupt.signal)

    await run.wait(file, uploaded)
    await run.wait(file, uploaded)

    expect(events.map(({ event }) => event)).toEqual(['processing', 'paused', 'paused'])
    expect(events.at(-1)).toEqual({ event: 'paused', file: file.path, ...IDS })
    expect(run.tally).toMatchObject({ failed: 0, unmade: 2 })
  })
})

function refused(details: ConstructorParameters<typeof UploadError>[1]) {
  return async () => {
    throw new UploadError('Not now.', details)
  }
}
