import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { skipsMedia } from '../support/media.ts'
import { write } from '../support/media-bad.ts'
import { makeHeic } from '../support/media-heic.ts'
import { IMAGES, makeImage } from '../support/media-images.ts'
import { makeEncryptedPdf, makePdf } from '../support/media-pdf.ts'
import type { InspectWorld } from './media-world.ts'

const PLAN = {
  document_page_count: 2,
  document_pdf_version: '1.6',
  document_page_width_pt: 595.28,
  document_page_height_pt: 841.89,
  document_is_tagged: true,
  document_title: 'A plan (draft)',
  document_author: 'Zoë',
  document_subject: 'Plans',
  document_keywords: 'plan, draft',
  document_creator_tool: 'A typewriter',
  document_producer: 'A test',
  document_creation_date: '2024-03-01T12:30:00Z',
  document_modification_date: '2024-03-02T00:00:00Z',
}

/** What sets an image apart from `still.webp`. */
const EXPECTED: Record<keyof typeof IMAGES, Record<string, unknown>> = {
  'photo.jpg': {
    ...{ file_mime_type: 'image/jpeg', image_format: 'jpeg', image_orientation: 6 },
    ...{ geospatial_latitude: 48.8584, geospatial_longitude: -2.2945 },
    geospatial_altitude_meters: 35,
  },
  'clear.png': { file_mime_type: 'image/png', image_format: 'png', has_alpha: true },
  'deep.png': {
    ...{ file_mime_type: 'image/png', image_format: 'png' },
    ...{ image_bit_depth: 16, image_color_space: 'rgb16' },
  },
  'moving.gif': {
    ...{ file_mime_type: 'image/gif', image_format: 'gif', is_animated: true, has_alpha: true },
  },
  'still.gif': { file_mime_type: 'image/gif', image_format: 'gif', has_alpha: true },
  'still.webp': { file_mime_type: 'image/webp', image_format: 'webp' },
  'moving.webp': { file_mime_type: 'image/webp', image_format: 'webp', is_animated: true },
  'still.avif': { file_mime_type: 'image/avif', image_format: 'avif' },
  'page.tiff': { file_mime_type: 'image/tiff', image_format: 'tiff', image_orientation: 1 },
}

export function documentsSuite(world: InspectWorld): void {
  describe('of an image', () => {
    const names = Object.keys(IMAGES) as (keyof typeof IMAGES)[]
    it.each(names)('reads the properties of %s, and no more', async (name) => {
      const path = await makeImage(world.folder, name)
      const { mimeType, duration, technicalMetadata, problem } = await world.inspect(path)
      expect(problem).toBeUndefined()
      expect(duration).toBeUndefined()
      expect(mimeType).toBe(EXPECTED[name].file_mime_type)
      expect(technicalMetadata).toEqual({
        file_size_bytes: (await readFile(path)).length,
        ...{ image_width: 48, image_height: 32, storage_aspect_ratio: 1.5 },
        ...{ image_color_space: 'srgb', image_bit_depth: 8, has_alpha: false, is_animated: false },
        ...EXPECTED[name],
      })
    })
  })

  it.skipIf(skipsMedia)('tells the size of a HEIC, and when it is cut (needs ffmpeg)', async () => {
    const bytes = await makeHeic(world.folder)
    const { mimeType, technicalMetadata, problem } = await world.inspect(
      await write(world.folder, 'photo.heic', bytes),
    )
    expect({ mimeType, problem }).toEqual({ mimeType: 'image/heic', problem: undefined })
    expect(technicalMetadata).toMatchObject({
      ...{ image_width: 64, image_height: 48, image_format: 'heif', image_bit_depth: 8 },
    })
    const short = await write(world.folder, 'short.heic', bytes.subarray(0, -100))
    expect((await world.inspect(short)).problem).toMatch(/incomplete/)
  })

  describe('of a document', () => {
    it('reads what a PDF says about itself', async () => {
      const path = await write(world.folder, 'plan.pdf', makePdf())
      const { mimeType, technicalMetadata, problem } = await world.inspect(path)
      expect(problem).toBeUndefined()
      expect(mimeType).toBe('application/pdf')
      expect(technicalMetadata).toEqual({
        ...{ file_size_bytes: makePdf().length, file_mime_type: 'application/pdf', ...PLAN },
        ...{ document_is_encrypted: false, document_language: 'en-GB' },
      })
    })

    it('reads an encrypted PDF that opens without a password, but for its language', async () => {
      const path = await write(world.folder, 'open.pdf', makeEncryptedPdf(''))
      const { technicalMetadata, problem } = await world.inspect(path)
      expect(problem).toBeUndefined()
      expect(technicalMetadata).toMatchObject({ ...PLAN, document_is_encrypted: true })
      expect(technicalMetadata).not.toHaveProperty('document_language')
    })

    it('says of a PDF with a password that it is encrypted, and nothing is wrong', async () => {
      const bytes = makeEncryptedPdf('secret')
      const path = await write(world.folder, 'locked.pdf', bytes)
      const { technicalMetadata, problem } = await world.inspect(path)
      expect(problem).toBeUndefined()
      expect(technicalMetadata).toEqual({
        ...{ file_size_bytes: bytes.length, file_mime_type: 'application/pdf' },
        ...{ document_pdf_version: '1.6', document_is_encrypted: true },
      })
    })

    it.each([
      ['notes.md', '# Notes\n\nüber', 'text/markdown'],
      ['NOTES.MARKDOWN', '# Notes', 'text/markdown'],
      ['letter.txt', 'Dear reader,', 'text/plain'],
      ['car.txt', 'BM and PK are the first letters of other formats', 'text/plain'],
    ])('tells %s by its name', async (name, text, expected) => {
      const { mimeType, technicalMetadata, problem } = await world.inspect(
        await write(world.folder, name, text),
      )
      expect({ mimeType, problem }).toEqual({ mimeType: expected, problem: undefined })
      expect(technicalMetadata).toEqual({
        ...{ file_size_bytes: Buffer.byteLength(text), file_mime_type: expected },
      })
    })

    it('does not know texts by other names', async () => {
      const { mimeType, problem } = await world.inspect(
        await write(world.folder, 'letter.doc', 'Dear reader,'),
      )
      expect(mimeType).toBeUndefined()
      expect(problem).toMatch(/^The content is not recognised/)
    })
  })
}
