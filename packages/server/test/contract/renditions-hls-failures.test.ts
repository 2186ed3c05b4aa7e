import { statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { TechnicalMetadata } from '@partway/protocol'
import { expect, describe as group, test } from 'vitest'
import { createHls } from '../../src/adapters/media/hls.ts'
import { openIntake } from '../../src/adapters/media/hls-intake.ts'
import type { ToolLimits } from '../../src/adapters/media/tool.ts'
import { type EmitFile, MediaError } from '../../src/core/media-port.ts'
import { skipsMedia } from '../support/media.ts'
import {
  collect,
  describe,
  FFMPEG,
  LIMITS,
  make,
  processesWith,
  scratch,
} from '../support/renditions.ts'
import { type FileServer, serveFile } from '../support/renditions-server.ts'

const FILM = '-f lavfi -i testsrc=size=320x240:rate=24:duration=20 -pix_fmt yuv420p'
const COPIED = `${FILM} -c:v libx264 -preset ultrafast -g 48 -movflags +faststart`
const ENCODED = `${FILM} -c:v mpeg4`

interface Attempt {
  server: FileServer
  found?: TechnicalMetadata
  limits?: ToolLimits
  ffmpeg?: string | undefined
  emit?: EmitFile
  signal?: AbortSignal
}

/** What making the stream threw; no ffmpeg that reads this source is left. */
async function failureOf(path: string, attempt: Attempt): Promise<Error> {
  const { server, limits = LIMITS, emit = collect().emit } = attempt
  const found = attempt.found ?? (await describe(path))
  const hls = createHls({ ffmpeg: 'ffmpeg' in attempt ? attempt.ffmpeg : FFMPEG, limits })
  const source = { url: server.url, size: statSync(path).size }
  const failure = await hls(
    source,
    found,
    emit,
    attempt.signal ?? new AbortController().signal,
  ).then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  )
  expect(processesWith(server.url)).toEqual([])
  expect(failure.message).not.toMatch(/127\.0\.0\.1|secret|\/tmp/)
  return failure
}

group.skipIf(skipsMedia)('an HLS stream that cannot be made', () => {
  test('asks for ffmpeg where it is missing', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    const failure = await failureOf(folder.path('a.mp4'), { server, ffmpeg: undefined })
    expect(failure).toEqual(new MediaError('Install ffmpeg on the server to make HLS streams.'))
  })

  test('is refused for what has neither video nor audio', async () => {
    using folder = scratch()
    writeFileSync(folder.path('a.png'), 'x')
    await using server = await serveFile(folder.path('a.png'))
    const found = { file_mime_type: 'image/png' }
    const failure = await failureOf(folder.path('a.png'), { server, found })
    expect(failure).toBeInstanceOf(MediaError)
    expect(server.requests).toBe(0)
  })

  test('is refused for rubbish', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    const found = await describe(folder.path('a.mp4'))
    writeFileSync(folder.path('b.mp4'), Buffer.alloc(50_000, 'rubbish'))
    await using server = await serveFile(folder.path('b.mp4'))
    const failure = await failureOf(folder.path('b.mp4'), { server, found })
    expect(failure.message).toMatch(/^Making the HLS stream failed: the file is damaged/)
    expect(failure).toBeInstanceOf(MediaError)
  })

  test('says that it took too long', async () => {
    using folder = scratch()
    await make(ENCODED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    const limits = { ...LIMITS, timeoutMs: 100 }
    const failure = await failureOf(folder.path('a.mp4'), { server, limits })
    expect(failure).toEqual(new MediaError('Making the HLS stream took longer than 0.1 seconds.'))
  })

  test('says that it takes too much memory', async () => {
    using folder = scratch()
    await make(
      `${ENCODED.replace('320x240', '1920x1080').replace('=20', '=1')}`,
      folder.path('a.mp4'),
    )
    await using server = await serveFile(folder.path('a.mp4'))
    const limits = { ...LIMITS, memory: 600 * 2 ** 20 }
    const failure = await failureOf(folder.path('a.mp4'), { server, limits })
    const message = 'Making the HLS stream takes more memory than it may use.'
    expect(failure).toEqual(new MediaError(message))
  })

  test.each([
    ['copying', COPIED],
    ['encoding', ENCODED],
  ])('gives the reason of an abort while %s', async (_, args) => {
    using folder = scratch()
    await make(args, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    const aborter = new AbortController()
    const { emit } = collect()
    const aborting: EmitFile = (name, body) => {
      if (name === 'segment_00000.m4s') aborter.abort(new Error('enough'))
      return emit(name, body)
    }
    const { signal } = aborter
    const failure = await failureOf(folder.path('a.mp4'), { server, emit: aborting, signal })
    expect(failure).toBe(signal.reason)
  })

  test.each(['init.mp4', 'segment_00001.m4s', 'stream.m3u8', 'manifest.m3u8'])(
    'passes on that %s could not be stored',
    async (refused) => {
      using folder = scratch()
      await make(COPIED, folder.path('a.mp4'))
      await using server = await serveFile(folder.path('a.mp4'))
      const full = new Error('the disk is full')
      const { emit } = collect()
      const failure = await failureOf(folder.path('a.mp4'), {
        server,
        emit: async (name, body) => {
          if (name === refused) throw full
          await emit(name, body)
        },
      })
      expect(failure).toBe(full)
    },
  )

  test('is worth another try when the source answers with an error', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    server.status = 503
    const failure = await failureOf(folder.path('a.mp4'), { server })
    expect(failure).not.toBeInstanceOf(MediaError)
    expect(failure.message).toBe('the source of the media answers 503')
  })

  test('is worth another try when the source breaks off, though ffmpeg is content', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    server.cutAfter = Math.round(statSync(folder.path('a.mp4')).size * 0.7)
    server.dies = true
    const { emit, files } = collect()
    const failure = await failureOf(folder.path('a.mp4'), { server, emit })
    expect(failure).not.toBeInstanceOf(MediaError)
    expect(failure.message).toBe('the source of the media broke off')
    expect(files.has('manifest.m3u8')).toBe(false)
  })

  test.each([
    [
      'a playlist',
      (url: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n${url}\n#EXT-X-ENDLIST\n`,
    ],
    ['a list of files', (url: string) => `ffconcat version 1.0\nfile '${url}'\n`],
    ['a session description', (url: string) => `v=0\nm=video 0 RTP/AVP 96\na=control:${url}\n`],
  ])('leads nowhere when the file is %s', async (_, content) => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    const found = await describe(folder.path('a.mp4'))
    await using tripwire = await serveFile(folder.path('a.mp4'))
    writeFileSync(folder.path('b.mp4'), content(tripwire.url))
    await using server = await serveFile(folder.path('b.mp4'))
    const failure = await failureOf(folder.path('b.mp4'), { server, found })
    expect(failure).toBeInstanceOf(MediaError)
    expect(tripwire.requests).toBe(0)
  })
})

group.skipIf(skipsMedia)('an HLS stream under difficulties', () => {
  test('is complete though the source cuts every answer short', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    const size = statSync(folder.path('a.mp4')).size
    server.cutAfter = Math.round(size / 5)
    const { emit, text } = collect()
    const hls = createHls({ ffmpeg: FFMPEG, limits: LIMITS })
    const found = await describe(folder.path('a.mp4'))
    await hls({ url: server.url, size }, found, emit, new AbortController().signal)
    expect(server.requests).toBeGreaterThan(4)
    const durations = [...text('stream.m3u8').matchAll(/#EXTINF:([\d.]+)/g)].map((m) =>
      Number(m[1]),
    )
    expect(durations.reduce((sum, seconds) => sum + seconds)).toBeCloseTo(20, 1)
  })

  test('is made for a slow store, one file at a time', async () => {
    using folder = scratch()
    await make(COPIED, folder.path('a.mp4'))
    await using server = await serveFile(folder.path('a.mp4'))
    const { emit, files } = collect()
    const slow: EmitFile = async (name, body) => {
      await new Promise((resolve) => setTimeout(resolve, 150))
      await emit(name, body)
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    const hls = createHls({ ffmpeg: FFMPEG, limits: LIMITS })
    const source = { url: server.url, size: statSync(folder.path('a.mp4')).size }
    await hls(source, await describe(folder.path('a.mp4')), slow, new AbortController().signal)
    expect([...files.keys()]).toEqual([
      'init.mp4',
      ...[0, 1, 2, 3].map((n) => `segment_0000${n}.m4s`),
      ...['stream.m3u8', 'manifest.m3u8'],
    ])
  })
})

group('the door that ffmpeg delivers through', () => {
  /** Sends a request that ends after what is given, and hangs up. */
  async function send(url: string, method: string, body: string): Promise<string> {
    const { port, pathname } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    const head = `${method} ${pathname} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`
    socket.end(head + body)
    let answer = ''
    for await (const piece of socket) answer += piece
    return answer.split('\r\n')[0]!
  }
  const WHOLE = '4\r\nabcd\r\n0\r\n\r\n'

  test('takes a body whose sender has hung up', async () => {
    const { emit, files } = collect()
    const intake = await openIntake(emit)
    const url = `${intake.baseUrl}segment_00000.m4s`
    expect(await send(url, 'PUT', WHOLE)).toBe('HTTP/1.1 200 OK')
    await intake.close()
    expect(files.get('segment_00000.m4s')).toEqual(Buffer.from('abcd'))
  })

  test('never takes a part of a body for the whole', async () => {
    const { emit, files } = collect()
    const intake = await openIntake(emit)
    await send(`${intake.baseUrl}segment_00000.m4s`, 'PUT', WHOLE.slice(0, -5))
    await expect(intake.finish()).rejects.toThrow()
    await intake.close()
    expect(files.size).toBe(0)
    expect(intake.failed.aborted).toBe(false)
  })

  test('is closed to everybody else', async () => {
    const { emit, files } = collect()
    const intake = await openIntake(emit)
    const guess = new URL('/0/segment_00000.m4s', intake.baseUrl).href
    expect(await send(guess, 'PUT', WHOLE)).toBe('HTTP/1.1 404 Not Found')
    expect(await send(`${intake.baseUrl}init.mp4`, 'GET', '')).toBe('HTTP/1.1 404 Not Found')
    await intake.close()
    expect(files.size).toBe(0)
  })
})
