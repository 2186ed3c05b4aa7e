import { beforeAll, beforeEach, expect, it } from 'vitest'
import { createInspector } from '../../src/adapters/media/inspect.ts'
import { MediaError } from '../../src/core/media-port.ts'
import { makeImage } from '../support/media-images.ts'
import { type Engine, FFPROBE, type InspectWorld, LIMITS } from './media-world.ts'

/** What is not the content's fault is thrown, so that it is tried again. */
export function sourcesSuite(engine: Engine, world: InspectWorld): void {
  let film = ''
  let photo = ''
  beforeAll(async () => {
    film = await world.sample('moov-last.mp4')
    photo = await makeImage(world.folder, 'photo.jpg')
  })
  beforeEach(() => {
    world.server.trouble = () => 'none'
    world.server.requests = 0
  })

  const failure = (path: string, signal?: AbortSignal) =>
    world.inspect(path, undefined, signal).then(
      () => undefined,
      (error: Error) => error,
    )

  it('throws when nobody answers', async () => {
    const inspect = createInspector({ ffprobe: undefined, ffmpeg: undefined, limits: LIMITS })
    const source = { url: 'http://127.0.0.1:9/film.mp4', size: 100 }
    const attempt = inspect(source, 'film.mp4', new AbortController().signal)
    await expect(attempt).rejects.toThrow('the source does not answer')
  })

  it.each([500, 404, 'reset'] as const)('throws when the answer is %s', async (trouble) => {
    world.server.trouble = () => trouble
    const error = await failure(film)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(MediaError)
  })

  it.each([500, 'reset'] as const)('throws when a tool is answered %s', async (trouble) => {
    for (const path of [film, photo]) {
      world.server.requests = 0
      await world.inspect(path)
      const all = world.server.requests
      for (const fine of new Set([1, Math.ceil(all / 2), all - 1])) {
        world.server.requests = 0
        world.server.trouble = (request) => (request < fine ? 'none' : trouble)
        const error = await failure(path)
        expect(error, `after ${fine} of ${all} requests`).toBeInstanceOf(Error)
        expect(error).not.toBeInstanceOf(MediaError)
      }
      world.server.trouble = () => 'none'
    }
  })

  it('throws when it is aborted, before and soon after the start', async () => {
    expect((await failure(film, AbortSignal.abort()))?.name).toBe('AbortError')
    expect((await failure(film, AbortSignal.timeout(30)))?.name).toBe('TimeoutError')
    expect((await failure(photo, AbortSignal.timeout(60)))?.name).toBe('TimeoutError')
  })

  it('says that a file took too long when a tool ran out of time', async () => {
    const inspect = createInspector({
      ...{ ffprobe: engine === 'ffprobe' ? FFPROBE : undefined, ffmpeg: undefined },
      limits: { ...LIMITS, timeoutMs: 5 },
    })
    const { problem } = await inspect(
      await world.server.source(film),
      'film.mp4',
      new AbortController().signal,
    )
    expect(problem).toBe('The file took too long to read.')
  })

  if (engine === 'ffprobe') {
    it('says that a file needs too much memory', async () => {
      const inspect = createInspector({
        ...{ ffprobe: FFPROBE, ffmpeg: undefined },
        limits: { ...LIMITS, memory: 16 * 1024 ** 2 },
      })
      const { problem } = await inspect(
        await world.server.source(film),
        'film.mp4',
        new AbortController().signal,
      )
      expect(problem).toMatch(/memory|cannot be read/)
    })
  }
}
