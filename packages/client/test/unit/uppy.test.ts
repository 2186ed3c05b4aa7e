import { setImmediate as turn } from 'node:timers/promises'
import Uppy from '@uppy/core'
import { describe, expect, it } from 'vitest'
import { UploadError } from '../../src/error.ts'
import Partway from '../../src/uppy.ts'
import { type Body, type Meta, setUp } from '../support/uppy-fake.ts'

describe('the Uppy plugin', () => {
  it('tells Uppy that files can be paused and taken out one by one', () => {
    const { uppy } = setUp()
    const { capabilities } = uppy.getState()
    expect(capabilities).toMatchObject({ resumableUploads: true, individualCancellation: true })
    uppy.removePlugin(uppy.getPlugin('Partway')!)
    expect(uppy.getState().capabilities.resumableUploads).toBe(false)
  })

  it('sends so many files at once as its limit says, and tells how each ended', async () => {
    const { uppy, fakes, events, add, names } = setUp()
    add('a.mp4', 'b.mp4', 'c.mp4')
    const result = uppy.upload()
    await turn()
    expect(names()).toEqual(['a.mp4', 'b.mp4'])
    fakes[1]!.store()
    await turn()
    expect(names()).toEqual(['a.mp4', 'b.mp4', 'c.mp4'])
    fakes[0]!.fail(new UploadError('No room.', { code: 'no_room', status: 507 }))
    fakes[2]!.store()
    const { successful, failed } = (await result)!
    expect(successful!.map(({ name }) => name)).toEqual(['b.mp4', 'c.mp4'])
    expect(successful![0]!.response).toEqual({
      ...{ status: 200, uploadURL: 'http://store/2' },
      body: { asset_id: 'asset-2', upload_id: 'upload-2' },
    })
    expect(failed![0]).toMatchObject({ error: 'No room.', response: { status: 507 } })
    expect(events).toEqual(['b.mp4 is asset-2', 'a.mp4: No room.', 'c.mp4 is asset-3'])
  })

  it('passes on how far each file is', async () => {
    const { uppy, fakes, add } = setUp()
    const [id] = add('a.mp4')
    const result = uppy.upload()
    await turn()
    const rest = { phase: 'sending', acknowledged: 0, rate: 1, secondsLeft: 4 } as const
    fakes[0]!.options.onProgress!({ ...rest, total: 7, sent: 3 })
    expect(uppy.getFile(id!).progress).toMatchObject({ bytesUploaded: 3, bytesTotal: 7 })
    fakes[0]!.store()
    await result
  })

  it('lets the next file go while one is paused, and goes on once the pause is in effect', async () => {
    const { uppy, fakes, add, names } = setUp({ limit: 1 })
    const [a] = add('a.mp4', 'b.mp4')
    const result = uppy.upload()
    uppy.pauseResume(a!)
    await turn()
    expect(fakes[0]!.calls).toEqual(['pause'])
    expect(names()).toEqual(['a.mp4', 'b.mp4'])
    uppy.pauseResume(a!)
    fakes[1]!.store()
    await turn()
    expect(fakes[0]!.calls).toEqual(['pause'])
    fakes[0]!.paused.resolve()
    await turn()
    expect(fakes[0]!.calls).toEqual(['pause', 'resume'])
    fakes[0]!.store()
    expect((await result)!.successful).toHaveLength(2)
  })

  it('begins no file twice: one that is tried again while it waits, runs or is paused goes on', async () => {
    const { uppy, fakes, add, names } = setUp({ limit: 1 })
    const [a, b] = add('a.mp4', 'b.mp4')
    const result = uppy.upload()
    await turn()
    const again = [uppy.retryUpload(a!), uppy.retryUpload(b!)]
    await turn()
    expect(names()).toEqual(['a.mp4'])
    uppy.pauseResume(a!)
    fakes[0]!.paused.resolve()
    await turn()
    expect(names()).toEqual(['a.mp4', 'b.mp4'])
    again.push(uppy.retryUpload(a!))
    fakes[1]!.store()
    await turn()
    expect(fakes[0]!.calls).toEqual(['pause', 'resume'])
    fakes[0]!.store()
    expect((await result)!.successful).toHaveLength(2)
    await Promise.all(again)
    expect(names()).toEqual(['a.mp4', 'b.mp4'])
  })

  it('pauses and resumes all, also those that have not begun', async () => {
    const { uppy, fakes, add, names } = setUp({ limit: 1 })
    add('a.mp4', 'b.mp4')
    const result = uppy.upload()
    await turn()
    uppy.pauseAll()
    fakes[0]!.paused.resolve()
    await turn()
    expect(names()).toEqual(['a.mp4'])
    uppy.resumeAll()
    await turn()
    expect(fakes[0]!.calls).toEqual(['pause', 'resume'])
    fakes[0]!.store()
    await turn()
    fakes[1]!.store()
    expect((await result)!.successful).toHaveLength(2)
  })

  it('ends the upload of a file that is taken out, and tells nobody of it', async () => {
    const { uppy, fakes, events, add, names } = setUp({ limit: 1 })
    const [a, b] = add('a.mp4', 'b.mp4', 'c.mp4')
    const result = uppy.upload()
    await turn()
    uppy.removeFile(b!)
    uppy.removeFile(a!)
    await turn()
    expect(fakes[0]!.calls).toEqual(['abort'])
    expect(names()).toEqual(['a.mp4', 'c.mp4'])
    fakes[1]!.store()
    await result
    expect(events).toEqual(['c.mp4 is asset-2'])
  })

  it('ends all when all is cancelled', async () => {
    const { uppy, fakes, events, add } = setUp()
    add('a.mp4', 'b.mp4', 'c.mp4')
    const result = uppy.upload()
    await turn()
    uppy.cancelAll()
    await result
    expect(fakes.map(({ calls }) => calls)).toEqual([['abort'], ['abort']])
    expect(events).toEqual([])
  })

  it('tries a file that failed again', async () => {
    const { uppy, fakes, add } = setUp()
    const [a] = add('a.mp4')
    const result = uppy.upload()
    await turn()
    fakes[0]!.fail(new Error('no'))
    await result
    const again = uppy.retryUpload(a!)
    await turn()
    fakes[1]!.store()
    expect((await again)!.successful).toHaveLength(1)
    expect(uppy.getFile(a!).progress.uploadComplete).toBe(true)
  })

  it('ends the upload of a file that failed when it is taken out, and of all when all are', async () => {
    const { uppy, fakes, add } = setUp({ limit: 3 })
    const [a, b] = add('a.mp4', 'b.mp4', 'c.mp4')
    const result = uppy.upload()
    await turn()
    for (const fake of fakes) fake.fail(new Error('no'))
    await result
    uppy.removeFile(a!)
    const again = uppy.retryUpload(b!)
    await turn()
    fakes[3]!.store()
    await again
    uppy.cancelAll()
    expect(fakes.map(({ calls }) => calls)).toEqual([['abort'], [], ['abort'], []])
  })

  it('refuses files that are not on this machine, and sends the others', async () => {
    const { uppy, fakes, events, add } = setUp()
    const remote = { companionUrl: 'http://c', requestClientId: 'c', url: 'http://c/file' }
    uppy.addFile({ name: 'far.mp4', data: { size: 7 }, isRemote: true, remote } as never)
    add('near.mp4')
    const result = uppy.upload()
    await turn()
    fakes[0]!.store()
    await result
    const refused = 'is not on this machine. Partway takes files from here, not through Companion.'
    expect(events).toEqual([`far.mp4: far.mp4 ${refused}`, 'near.mp4 is asset-1'])
  })

  it('sends what Uppy knows of a file as metadata, without what is its own', async () => {
    const { uppy, fakes } = setUp({ enableHls: true, concurrency: 3, limitRate: 9 })
    uppy.setMeta({ project: 7 })
    const meta = { relativePath: 'a/b', title: 'T', empty: '', draft: false, tags: ['no'] }
    uppy.addFile({ name: 'a', data: new Blob(['content']), type: 'video/mp4', meta })
    void uppy.upload()
    await turn()
    expect(fakes[0]!.source.name).toBe('a/b')
    const { onProgress: _, signal: __, ...options } = fakes[0]!.options
    expect(options).toEqual({
      ...{ filename: 'a', type: 'video', enableHls: true, concurrency: 3, limitRate: 9 },
      userMetadata: { project: 7, title: 'T', draft: false },
    })
  })

  it('asks its options for type, metadata, and what is to be made', async () => {
    const { uppy, fakes, add } = setUp({
      type: () => 'audio',
      userMetadata: ({ size }) => ({ size: size ?? 0 }),
      enableHls: ({ name }) => name === 'a.mp4',
      enableThumbnail: ({ name }) => name !== 'a.mp4',
    })
    add('a.mp4')
    void uppy.upload()
    await turn()
    const { onProgress: _, signal: __, ...options } = fakes[0]!.options
    expect(options).toEqual({
      ...{ filename: 'a.mp4', type: 'audio', userMetadata: { size: 7 }, enableHls: true },
    })
  })

  it('stops without ending anything when it is taken out itself', async () => {
    const { uppy, fakes, add } = setUp()
    add('a.mp4')
    const result = uppy.upload()
    await turn()
    uppy.removePlugin(uppy.getPlugin('Partway')!)
    await result
    expect(fakes[0]!.calls).toEqual([])
    expect(fakes[0]!.options.signal!.aborted).toBe(true)
  })

  it('needs a client, or what makes one', () => {
    const uppy = () => new Uppy<Meta, Body>()
    expect(() => uppy().use(Partway, {})).toThrow('`client`, or `server` and `apiKey`')
    expect(() => uppy().use(Partway, { server: 'http://s', apiKey: 'k', limit: 0 })).toThrow(
      'limit',
    )
  })
})
