import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { probe } from '../../src/adapters/media/ffprobe.ts'
import { cut, playlist, recode, referTo, scramble, write } from '../support/media-bad.ts'
import { hugePng, makeImage } from '../support/media-images.ts'
import { makePdf } from '../support/media-pdf.ts'
import { type Engine, FFPROBE, type InspectWorld, LIMITS } from './media-world.ts'

const UNKNOWN = 'The content is not recognised as video, audio, an image or a document.'
const CUT_OFF = 'The file is incomplete: it ends before its content does.'
const DAMAGED = 'The file is damaged or incomplete and cannot be read.'

export function badFilesSuite(engine: Engine, world: InspectWorld): void {
  const problemOf = async (path: string, name?: string) => (await world.inspect(path, name)).problem

  it('does not recognise a single byte, nor noise', async () => {
    expect(await problemOf(await write(world.folder, 'one.mp4', 'x'))).toBe(UNKNOWN)
    const noise = Buffer.concat([Buffer.alloc(16, 7), randomBytes(100_000)])
    expect(await problemOf(await write(world.folder, 'noise.mp4', noise))).toBe(UNKNOWN)
  })

  describe('a file that ends too early', () => {
    it.each([
      ['moov-last.mp4', 0.05],
      ['moov-last.mp4', 0.5],
      ['moov-last.mp4', 0.97],
      ['moov-first.mp4', 0.5],
      ['moov-first.mp4', 0.99],
      ['film.mkv', 0.5],
      ['film.mkv', 0.95],
      ['tone.wav', 0.5],
      ['film.avi', 0.5],
      ['opus.ogg', 0.6],
    ])('is told when %s is cut to %d of its length', async (name, share) => {
      const path = await world.sample(name)
      const short = await cut(path, share, `short-${share}-${name}`)
      expect(await problemOf(short)).toBe(CUT_OFF)
    })

    it('keeps what could be read of it', async () => {
      const path = await world.sample('moov-first.mp4')
      const { technicalMetadata } = await world.inspect(await cut(path, 0.7, 'short.mp4'))
      expect(technicalMetadata).toMatchObject({ video_codec: 'h264', video_width: 96 })
    })

    it.each([
      ['photo.jpg', /decoded|damaged/],
      ['clear.png', /decoded|damaged/],
      ['moving.gif', /incomplete/],
      ['moving.webp', /decoded|damaged/],
    ] as const)('is told when it is half of %s', async (name, expected) => {
      const path = await makeImage(world.folder, name)
      expect(await problemOf(await cut(path, 0.5, `half-${name}`))).toMatch(expected)
    })
  })

  it('refuses what has no known coding', async () => {
    const path = await world.sample('moov-last.mp4')
    expect(await problemOf(await recode(path, 'odd.mp4'))).toBe(
      'The content is coded in a way that is not known here.',
    )
  })

  if (engine === 'ffprobe') {
    it('refuses what cannot be decoded', async () => {
      const path = await world.sample('moov-last.mp4')
      expect(await problemOf(await scramble(path, 'scrambled.mp4'))).toMatch(/cannot be decoded/)
    })
  }

  it('names what a file is that is called something else', async () => {
    const path = await makeImage(world.folder, 'clear.png')
    const { mimeType, problem } = await world.inspect(path, 'clear.mp4')
    expect({ mimeType, problem }).toEqual({ mimeType: 'image/png', problem: undefined })
  })

  it('refuses an image of too many pixels without decoding it', async () => {
    const path = await write(world.folder, 'huge.png', hugePng(60_000))
    const { technicalMetadata, problem } = await world.inspect(path)
    expect(problem).toBe('The image has too many pixels.')
    expect(technicalMetadata).toMatchObject({ image_width: 60_000, image_height: 60_000 })
  })

  describe('a document', () => {
    it('is refused when it is a damaged PDF', async () => {
      expect(await problemOf(await write(world.folder, 'bad.pdf', '%PDF-1.4\nno'))).toBe(DAMAGED)
    })

    it('is refused when its name does not say what it is', async () => {
      const pdf = await write(world.folder, 'plan.txt', makePdf())
      expect(await problemOf(pdf)).toBe(
        'The file is named .txt, but its content is application/pdf.',
      )
      const text = await write(world.folder, 'text.pdf', 'Dear reader,')
      expect(await problemOf(text)).toBe(
        'The file is named .pdf, but its content is something else.',
      )
      const png = await makeImage(world.folder, 'clear.png')
      expect(await problemOf(png, 'clear.md')).toBe(
        'The file is named .md, but its content is image/png.',
      )
    })

    it.each([
      ['at once', Buffer.from([0x61, 0xff, 0x61])],
      ['at its end', Buffer.concat([Buffer.alloc(300_000, 'ü'), Buffer.from([0xc3])])],
      ['by a NUL far in', Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.from([0, 0x61])])],
    ])('is refused when it stops being text %s', async (_, bytes) => {
      expect(await problemOf(await write(world.folder, 'note.txt', bytes))).toBe(
        'The file is named .txt, but its content is not UTF-8 text.',
      )
    })
  })

  describe('a file that points elsewhere', () => {
    let visits = 0
    const tripwire = createServer((_, response) => {
      visits++
      response.end()
    })
    let url = ''
    beforeAll(async () => {
      await new Promise<void>((resolve) => tripwire.listen(0, '127.0.0.1', resolve))
      url = `http://127.0.0.1:${(tripwire.address() as AddressInfo).port}/a.ts`
    })
    beforeEach(() => {
      visits = 0
    })
    afterAll(() => tripwire.close())

    it('leads nobody there when it is a playlist', async () => {
      expect(await problemOf(await write(world.folder, 'list.mp4', playlist(url)))).toBe(UNKNOWN)
      const concat = `ffconcat version 1.0\nfile '${url}'\n`
      expect(await problemOf(await write(world.folder, 'list.mkv', concat))).toBe(UNKNOWN)
      expect(visits).toBe(0)
    })

    if (engine === 'ffprobe') {
      it('leads ffprobe nowhere even if it is given to it', async () => {
        const path = await write(world.folder, 'list.m3u8', playlist(url))
        const source = await world.server.source(path)
        const { signal } = new AbortController()
        await expect(probe(FFPROBE!, source.url, LIMITS, signal)).rejects.toThrow(DAMAGED)
        expect(visits).toBe(0)
        // Without our limits it would have gone.
        await new Promise((resolve) => execFile(FFPROBE!, ['-v', 'quiet', source.url], resolve))
        expect(visits).toBeGreaterThan(0)
      })
    }

    it('leads nobody there when it is a film whose data is elsewhere', async () => {
      const path = await world.sample('moov-last.mp4')
      await world.inspect(await referTo(path, url, 'elsewhere.mp4'))
      const film = await world.sample('timecode.mov')
      await world.inspect(await referTo(film, url, 'elsewhere.mov'))
      expect(visits).toBe(0)
    })

    it('leads nobody there when it is a drawing', async () => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg"><image href="${url}"/></svg>`
      expect(await problemOf(await write(world.folder, 'a.svg', svg))).toBeDefined()
      const xml = `<?xml version="1.0"?>${svg}`
      expect(await problemOf(await write(world.folder, 'b.svg', xml))).toBeDefined()
      expect(visits).toBe(0)
    })
  })

  it('says that an archive is nothing it can read', async () => {
    const zip = Buffer.from('504b0506000000000000000000000000000000000000', 'hex')
    expect(await problemOf(await write(world.folder, 'a.mp4', zip))).toBe(
      'The content is application/zip, which cannot be read here.',
    )
  })
}
