import { afterAll, describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { listed, UPLOADS } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const VALID = { filename: 'my-video.mp4', type: 'video', total_size: 104857600 }
const GIB = 1024 ** 3

type Row = [name: string, change: Record<string, unknown>, words: (string | number)[]]

const INVALID: Row[] = [
  ['a total_size of 0', { total_size: 0 }, ['`total_size`', '>= 1', 'received 0']],
  ['a negative total_size', { total_size: -5 }, ['`total_size`', '>= 1', 'received -5']],
  ['a fractional total_size', { total_size: 1.5 }, ['`total_size`', 'integer', 'received 1.5']],
  ['a total_size in text', { total_size: '10' }, ['`total_size`', 'integer', 'received "10"']],
  ['a total_size of null', { total_size: null }, ['`total_size`', 'integer', 'received null']],
  ['a total_size of true', { total_size: true }, ['`total_size`', 'integer', 'received true']],
  [
    'a video over the limit',
    { total_size: 10 * GIB + 1 },
    ['`total_size`', 'video', 10 * GIB, `received ${10 * GIB + 1}`],
  ],
  [
    'an audio file over the limit',
    { type: 'audio', total_size: 10 * GIB + 1 },
    ['`total_size`', 'audio', 10 * GIB, `received ${10 * GIB + 1}`],
  ],
  [
    'an image over the limit',
    { type: 'image', total_size: 33554433 },
    ['`total_size`', 'image', 33554432, 'received 33554433'],
  ],
  ['a total_size beyond exact integers', { total_size: 1e20 }, ['`total_size`', 10 * GIB]],
  ['an empty filename', { filename: '' }, ['`filename`', '1 character', 'received ""']],
  [
    'a filename of 256 characters',
    { filename: 'n'.repeat(256) },
    ['`filename`', '255 characters', 'received 256 characters'],
  ],
  ['a filename with a slash', { filename: 'a/b.mp4' }, ['`filename`', 'slash', '"a/b.mp4"']],
  ['a filename that climbs', { filename: '../../x' }, ['`filename`', 'slash', '"../../x"']],
  ['a filename with a NUL', { filename: 'a\0b' }, ['`filename`', 'control', '"a\\u0000b"']],
  ['a filename with a newline', { filename: 'a\nb' }, ['`filename`', 'control', '"a\\nb"']],
  ['a filename with a DEL', { filename: 'a\u007fb' }, ['`filename`', 'control']],
  ['a filename with a C1 control', { filename: 'a\u0085b' }, ['`filename`', 'control']],
  ['a filename with half an emoji', { filename: 'a\ud83cb' }, ['`filename`', 'Unicode']],
  ['a filename that is a number', { filename: 7 }, ['`filename`', 'string', 'received 7']],
  ['an unknown type', { type: 'text' }, ['`type`', 'video, audio, image, document', '"text"']],
  ['a type in capitals', { type: 'VIDEO' }, ['`type`', 'video, audio, image', '"VIDEO"']],
  ['an empty type', { type: '' }, ['`type`', 'video, audio, image', '""']],
]

const MISSING: [name: string, body: Record<string, unknown>, words: string[]][] = [
  ['filename', { type: 'video', total_size: 1 }, ['`filename`']],
  ['type', { filename: 'a.mp4', total_size: 1 }, ['`type`']],
  ['total_size', { filename: 'a.mp4', type: 'video' }, ['`total_size`']],
  ['everything', {}, ['`filename`', '`type`', '`total_size`']],
]

const world = await createWorld()
afterAll(() => world.app.close())

describe('POST /assets/multipart-uploads refuses', () => {
  test.each(INVALID)('%s', async (_name, change, words) => {
    const response = await world.call('POST', UPLOADS, { body: { ...VALID, ...change } })
    expectError(response, 400, 'parameter_invalid', ...words)
    expect((await listed(world)).data).toEqual([])
  })

  test.each(MISSING)('a body without %s', async (_name, body, words) => {
    const response = await world.call('POST', UPLOADS, { body })
    expectError(response, 400, 'parameter_not_provided', ...words)
  })

  test('several wrong parameters in one answer that names them all', async () => {
    const response = await world.call('POST', UPLOADS, {
      body: { filename: 'a/b', type: 'film', total_size: 0 },
    })
    expectError(
      response,
      400,
      'parameter_invalid',
      ...['`filename`', '`type`', '`total_size`', '"a/b"', '"film"', 'received 0'],
    )
  })

  test('a wrong parameter and a missing one in one answer that names both', async () => {
    const response = await world.call('POST', UPLOADS, { body: { type: 'film', total_size: 1 } })
    expectError(response, 400, 'parameter_invalid', '`type`', '"film"', '`filename`')
  })

  test.each([
    ['an array', []],
    ['null', null],
    ['a number', 5],
    ['a string', '"text"'],
  ])('a body that is %s', async (_name, body) => {
    const response = await world.call('POST', UPLOADS, {
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    expectError(response, 400, 'parameter_invalid', '`body`', 'object')
  })

  test('no body at all', async () => {
    const response = await world.call('POST', UPLOADS)
    expect(response.statusCode).toBe(400)
    expectError(response, 400, response.json<{ code: string }>().code)
  })

  test('a value too long to repeat without repeating all of it', async () => {
    const type = 'x'.repeat(100_000)
    const response = await world.call('POST', UPLOADS, { body: { ...VALID, type } })
    expectError(response, 400, 'parameter_invalid', '`type`', 'xxx')
    expect(response.body.length).toBeLessThan(1000)
  })
})
