import { copyFileSync, statSync, writeFileSync } from 'node:fs'
import type { TechnicalMetadata } from '@partway/protocol'
import sharp from 'sharp'
import { expect, describe as group, test } from 'vitest'
import { createThumbnails, type ThumbnailOptions } from '../../src/adapters/media/thumbnail.ts'
import { MediaError } from '../../src/core/media-port.ts'
import { skipsMedia } from '../support/media.ts'
import {
  collect,
  describe,
  FFMPEG,
  LIMITS,
  make,
  scratch,
  turnMovie,
} from '../support/renditions.ts'
import { serveFile } from '../support/renditions-server.ts'

const FILM = '-f lavfi -i testsrc=size=320x240:rate=24:duration=2 -pix_fmt yuv420p'
const BLACK = '-f lavfi -i color=black:size=320x240:rate=24'
const SOUND = '-f lavfi -i sine=duration=1'
const STILL = '-f lavfi -i testsrc=size=300x200 -frames:v 1'

/** Makes the thumbnail of a file, and looks at it. */
async function thumbnailOf(
  path: string,
  found: TechnicalMetadata,
  options: Partial<ThumbnailOptions & { signal: AbortSignal }> = {},
) {
  const { signal = new AbortController().signal, ...others } = options
  await using server = await serveFile(path)
  const { emit, files } = collect()
  const source = { url: server.url, size: statSync(path).size }
  await createThumbnails({ ffmpeg: FFMPEG, limits: LIMITS, ...others })(source, found, emit, signal)
  expect([...files.keys()]).toEqual(['thumbnail.jpg'])
  const jpeg = files.get('thumbnail.jpg')!
  const { format, width, height, exif, icc, xmp } = await sharp(jpeg).metadata()
  expect({ format, exif, icc, xmp }).toEqual({ format: 'jpeg' })
  const { channels } = await sharp(jpeg).stats()
  return { size: `${width}x${height}`, contrast: Math.max(...channels.map((c) => c.stdev)), jpeg }
}

const image = (kind: string) => ({ file_mime_type: `image/${kind}` })

group.skipIf(skipsMedia)('the thumbnail of a video', () => {
  const cases: [string, string, string][] = [
    ['shows a frame of it', FILM, '320x240'],
    ['has square pixels', `${FILM} -vf setsar=2`, '640x240'],
    ['is scaled down to 1280 pixels', FILM.replace('320x240', '1600x200'), '1280x160'],
    ['is made of a single frame', `${FILM} -frames:v 1`, '320x240'],
    [
      'is made of HDR',
      `${FILM.replace('yuv420p', 'yuv420p10le')} -c:v libx265 -x265-params log-level=0 ` +
        '-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc',
      '320x240',
    ],
    [
      'is not one of the black frames that most of it is',
      `${BLACK}:duration=4 ${FILM} -filter_complex concat`,
      '320x240',
    ],
  ]
  test.each(cases)('%s', async (_, args, size) => {
    using folder = scratch()
    const path = folder.path('film.mp4')
    await make(args, path)
    const made = await thumbnailOf(path, await describe(path))
    expect(made.size).toBe(size)
    expect(made.contrast).toBeGreaterThan(30)
  })

  test('is upright when the camera was not', async () => {
    using folder = scratch()
    const path = folder.path('film.mov')
    await make(FILM, path)
    turnMovie(path)
    expect((await thumbnailOf(path, await describe(path))).size).toBe('240x320')
  })

  test('is black when all of it is', async () => {
    using folder = scratch()
    const path = folder.path('film.mp4')
    await make(`${BLACK}:duration=2 -pix_fmt yuv420p`, path)
    expect((await thumbnailOf(path, await describe(path))).contrast).toBeLessThan(2)
  })

  test('is the first frame when the duration is wrong', async () => {
    using folder = scratch()
    const path = folder.path('film.mp4')
    await make(FILM, path)
    const found = { ...(await describe(path)), video_duration_seconds: 7200 }
    expect((await thumbnailOf(path, found)).size).toBe('320x240')
  })
})

group('the thumbnail of an image', () => {
  const still = async (path: string, width = 300, height = 200) => {
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 }
    const picture = sharp({ create: { width, height, channels: 3, background: 'red', noise } })
    await picture.toFile(path)
  }

  test('has white where a PNG is transparent', async () => {
    using folder = scratch()
    const path = folder.path('a.png')
    const background = { r: 0, g: 0, b: 0, alpha: 0 }
    await sharp({ create: { width: 30, height: 20, channels: 4, background } }).toFile(path)
    const { jpeg, size } = await thumbnailOf(path, image('png'))
    expect(size).toBe('30x20')
    expect((await sharp(jpeg).stats()).channels.map(({ min }) => min)).toEqual([255, 255, 255])
  })

  test('is upright when a JPEG says how to turn it', async () => {
    using folder = scratch()
    await still(folder.path('a.jpg'))
    await sharp(folder.path('a.jpg')).withMetadata({ orientation: 6 }).toFile(folder.path('b.jpg'))
    expect((await thumbnailOf(folder.path('b.jpg'), image('jpeg'))).size).toBe('200x300')
  })

  test('fits into 1280 by 1280 pixels', async () => {
    using folder = scratch()
    await still(folder.path('a.png'), 900, 3000)
    expect((await thumbnailOf(folder.path('a.png'), image('png'))).size).toBe('384x1280')
  })

  test.skipIf(skipsMedia)('is the first frame of an animated GIF', async () => {
    using folder = scratch()
    await make(`-f lavfi -i testsrc=size=300x200:rate=5:duration=1`, folder.path('a.gif'))
    const { size, contrast } = await thumbnailOf(folder.path('a.gif'), image('gif'))
    expect(size).toBe('300x200')
    expect(contrast).toBeGreaterThan(30)
  })

  test('needs no ffmpeg', async () => {
    using folder = scratch()
    await still(folder.path('a.png'))
    const options = { ffmpeg: undefined }
    expect((await thumbnailOf(folder.path('a.png'), image('png'), options)).size).toBe('300x200')
  })

  test('is refused for SVG under a false name, which could lead elsewhere', async () => {
    using folder = scratch()
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'
    writeFileSync(folder.path('a.png'), svg)
    const making = thumbnailOf(folder.path('a.png'), image('png'))
    const message = 'There are no thumbnails of images of this format.'
    await expect(making).rejects.toThrow(new MediaError(message))
  })

  test('is refused for rubbish', async () => {
    using folder = scratch()
    await still(folder.path('a.png'))
    copyFileSync(import.meta.filename, folder.path('b.png'))
    await expect(thumbnailOf(folder.path('b.png'), image('png'))).rejects.toThrow(MediaError)
  })
})

group('the thumbnail of a document', () => {
  const pdf = (content: string) =>
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n' +
    '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n' +
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 600]/Contents 4 0 R>>endobj\n' +
    `4 0 obj<</Length ${content.length}>>stream\n${content}\nendstream endobj\n` +
    'trailer<</Size 5/Root 1 0 R>>\n%%EOF'

  test('shows the first page of a PDF on white', async () => {
    using folder = scratch()
    writeFileSync(folder.path('a.pdf'), pdf('1 0 0 rg 0 0 300 300 re f'))
    const { size, jpeg } = await thumbnailOf(folder.path('a.pdf'), {
      file_mime_type: 'application/pdf',
    })
    expect(size).toBe('640x1280')
    const colour = async (top: number) => {
      const part = sharp(jpeg).extract({ left: 0, top, width: 640, height: 600 })
      const { channels } = await sharp(await part.png().toBuffer()).stats()
      return channels.map(({ mean }) => Math.round(mean))
    }
    expect(await colour(0)).toEqual([255, 255, 255])
    expect(await colour(680)).toEqual([254, 0, 0])
  })

  test('is refused for a text', async () => {
    using folder = scratch()
    writeFileSync(folder.path('a.txt'), 'Hello')
    const making = thumbnailOf(folder.path('a.txt'), { file_mime_type: 'text/plain' })
    const message = 'There is no picture of a text document.'
    await expect(making).rejects.toThrow(new MediaError(message))
  })
})

group.skipIf(skipsMedia)('the thumbnail of a sound', () => {
  test.each(['mp3', 'm4a', 'flac'])('is the cover picture in %s', async (ending) => {
    using folder = scratch()
    await make(STILL, folder.path('cover.jpg'))
    const path = folder.path(`a.${ending}`)
    await make(`${SOUND} -i ${folder.path('cover.jpg')} -map 0 -map 1 -c:v copy`, ...COVER, path)
    const { size, contrast } = await thumbnailOf(path, await describe(path))
    expect(size).toBe('300x200')
    expect(contrast).toBeGreaterThan(30)
  })
  const COVER = ['-disposition:v', 'attached_pic']

  test('is refused without a cover picture', async () => {
    using folder = scratch()
    await make(SOUND, folder.path('a.mp3'))
    const making = thumbnailOf(folder.path('a.mp3'), await describe(folder.path('a.mp3')))
    const message = 'The audio file has no cover picture to make a thumbnail of.'
    await expect(making).rejects.toThrow(new MediaError(message))
  })
})

group.skipIf(skipsMedia)('a thumbnail that cannot be made', () => {
  const film = async (path: string) => {
    await make(FILM, path)
    return describe(path)
  }

  test('asks for ffmpeg where it is missing', async () => {
    using folder = scratch()
    const found = await film(folder.path('a.mp4'))
    const making = thumbnailOf(folder.path('a.mp4'), found, { ffmpeg: undefined })
    const message = 'Install ffmpeg on the server to make thumbnails of video and audio.'
    await expect(making).rejects.toThrow(new MediaError(message))
  })

  test.each(['video/mp4', 'image/png'])('says that %s took too long', async (mime) => {
    using folder = scratch()
    const found = await film(folder.path('a.mp4'))
    const limits = { ...LIMITS, timeoutMs: 10 }
    const making = thumbnailOf(folder.path('a.mp4'), { ...found, file_mime_type: mime }, { limits })
    const message = 'Making the thumbnail took longer than 0.01 seconds.'
    await expect(making).rejects.toThrow(new MediaError(message))
  })

  test.each(['video/mp4', 'image/png'])('gives the reason of an abort (%s)', async (mime) => {
    using folder = scratch()
    const found = await film(folder.path('a.mp4'))
    const reason = new Error('enough')
    const aborter = new AbortController()
    setTimeout(() => aborter.abort(reason), 30)
    const all = { ...found, file_mime_type: mime }
    const making = thumbnailOf(folder.path('a.mp4'), all, { signal: aborter.signal })
    await expect(making).rejects.toBe(reason)
  })

  test.each(['video/mp4', 'image/png'])(
    'is worth another try when the source fails (%s)',
    async (mime) => {
      using folder = scratch()
      const found = await film(folder.path('a.mp4'))
      await using server = await serveFile(folder.path('a.mp4'))
      server.status = 503
      const thumbnail = createThumbnails({ ffmpeg: FFMPEG, limits: LIMITS })
      const source = { url: server.url, size: 1 }
      const all = { ...found, file_mime_type: mime }
      const failure = await thumbnail(
        source,
        all,
        collect().emit,
        new AbortController().signal,
      ).catch((e) => e)
      expect(failure).toBeInstanceOf(Error)
      expect(failure).not.toBeInstanceOf(MediaError)
      expect(failure.message).not.toContain('secret')
    },
  )
})
