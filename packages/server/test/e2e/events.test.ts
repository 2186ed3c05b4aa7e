import { describe, expect, it } from 'vitest'
import { type EventReader, watchEvents } from '../support/events.ts'
import { type Program, startProgram, TEST_KEY, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, sendAll } from '../support/program-api.ts'
import { randomVideo } from '../support/program-files.ts'

const watch = ({ url }: Program, lastEventId?: string) =>
  watchEvents(url, { key: TEST_KEY, lastEventId })

const ofUpload = (id: string) => (data: Record<string, unknown>) => data.upload_id === id

/** The newest of what streams said of each resource. */
function latest(readers: EventReader[]) {
  const states = new Map<unknown, Record<string, unknown> | undefined>()
  for (const { event, data } of readers.flatMap(({ told }) => told)) {
    if (event === 'asset_deleted') states.set(data._id, undefined)
    else if (event === 'upload' || event === 'asset') states.set(data.upload_id ?? data._id, data)
  }
  return states
}

describe('events', () => {
  it('of one server tell what another over the same database does, soon', async () => {
    await using folder = await temporaryFolder()
    await using here = await startProgram({ data: folder.path })
    await using there = await startProgram({ data: folder.path })
    await using reader = await watch(here)
    await reader.find('ready')
    const api = createApi(there)

    const { session, proofs, chunks } = await sendAll(api, randomVideo(2 * CHUNK + 1))
    await reader.find('upload', ofUpload(session.upload_id))
    await api.report(session.upload_id, proofs.slice(0, 2))
    const progress = await reader.find('upload', ({ chunks_completed: n }) => n === 2)
    expect(progress.data).toMatchObject({ status: 'active', uploaded_size: 2 * CHUNK })
    await api.report(session.upload_id, proofs.slice(2))
    await reader.find('upload', ({ status }) => status === 'completed')
    const size = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
    await reader.find('asset', (data) => data._id === session.asset_id && data.size === size)
    await reader.find('asset', ({ status }) => status === 'failed')
    await api.request('DELETE', `/assets/${session.asset_id}`)
    await reader.find('asset_deleted', ({ _id }) => _id === session.asset_id)
  })

  it('lose nothing when the server is killed, and go on at another', async () => {
    await using folder = await temporaryFolder()
    const options = { data: folder.path }
    await using there = await startProgram(options)
    const api = createApi(there)
    const kept = await api.create(1)
    const gone = await api.create(1)
    const first = await startProgram(options)
    await using reader = await watch(first)
    await reader.find('ready')
    await api.request('DELETE', `/assets/${gone.asset_id}`)
    await reader.find('asset_deleted')

    // Killed in the middle of what goes on at the other server, wherever it may be.
    let stop = false
    const ids: string[] = []
    const busy = (async () => {
      while (!stop) {
        const { upload_id, asset_id } = await api.create(1)
        ids.push(upload_id, asset_id)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    await reader.find('upload', ({ upload_id }) => upload_id === ids[0])
    await first.kill('SIGKILL')
    expect(await reader.ended).toBe('broken')
    await new Promise((resolve) => setTimeout(resolve, 500))
    stop = true
    await busy
    await api.request('DELETE', `/assets/${ids[1]}`)
    await api.request('DELETE', `/assets/multipart-uploads/${kept.upload_id}`)

    await using second = await startProgram(options)
    await using again = await watch(second, reader.told.at(-1)!.id)
    await again.find('upload', ({ upload_id, status }) => {
      return upload_id === kept.upload_id && status === 'failed'
    })
    await again.find('asset', ({ _id }) => _id === ids.at(-1))
    const states = latest([reader, again])
    for (const id of ids) expect(states.has(id), `${id} was told`).toBe(true)
    expect(states.get(ids[1])).toBeUndefined()
    expect(states.get(gone.asset_id)).toBeUndefined()
    expect(again.told.map(({ event }) => event)).not.toContain('reset')
  })

  it('end when the server is told to stop, which they do not hold up', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({
      data: folder.path,
      env: { PARTWAY_DRAIN_TIMEOUT: '1h' },
    })
    await using reader = await watch(server)
    await reader.find('ready')
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(await reader.ended).toBe('ended')
  })
})
