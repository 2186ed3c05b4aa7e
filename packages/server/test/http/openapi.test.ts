import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import { type Document, type Operation, readYaml } from '../support/http-openapi.ts'
import { createWorld } from '../support/http-world.ts'

const world = await createWorld()
afterAll(() => world.app.close())

const response = await world.app.inject('/openapi.json')
const document = response.json<Document>()

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => /^(get|post|put|patch|delete|head|options)$/.test(method))
    .map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
)

function createAjv() {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajvFormats.default(ajv)
  ajv.addFormat('media-range', true)
  return ajv
}

/** The published schema of an OpenAPI 3.1 document. */
function createValidate() {
  const schema = readYaml<AnySchema>('openapi-3.1-schema.yaml')
  // Ajv does not find the dynamic anchor from inside other definitions; here it has one meaning.
  const text = JSON.stringify(schema).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"')
  return createAjv().compile(JSON.parse(text) as AnySchema)
}

/** Every `$ref` anywhere in the document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' ? [String(inner)] : references(inner),
  )
}

describe('GET /openapi.json', () => {
  test('answers JSON without a key', () => {
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toMatch(/^application\/json/)
    expectCommonHeaders(response)
  })

  test('is valid by the OpenAPI Initiative schema of 3.1', () => {
    const validate = createValidate()
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  })

  test('would not be valid without its title, so that the check above means something', () => {
    const validate = createValidate()
    expect(validate({ ...document, info: { version: '1' } })).toBe(false)
  })

  test('refers to nothing that is not there', () => {
    const names = references(document)
    expect(names.length).toBeGreaterThan(10)
    for (const name of new Set(names)) {
      const found = name
        .slice(2)
        .split('/')
        .reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], document)
      expect(found, name).toBeTypeOf('object')
    }
  })

  test.each(Object.keys(document.components.schemas))('holds a usable JSON schema: %s', (name) => {
    const ajv = createAjv()
    ajv.addSchema({ ...document, $id: 'api' } as AnySchema)
    expect(() => ajv.compile({ $ref: `api#/components/schemas/${name}` })).not.toThrow()
  })

  test('lists every operation of ours', () => {
    const expected = [
      'get /assets',
      'get /assets/multipart-uploads',
      'post /assets/multipart-uploads',
      'get /assets/multipart-uploads/{upload_id}',
      'post /assets/multipart-uploads/{upload_id}',
      'delete /assets/multipart-uploads/{upload_id}',
      'post /assets/multipart-uploads/{upload_id}/presigned-urls',
      'get /assets/multipart-uploads/{upload_id}/chunk-map',
      'get /events',
      'get /assets/{asset_id}',
      'delete /assets/{asset_id}',
      'get /health',
      'get /ready',
    ]
    expect(operations.map(([name]) => name).filter((name) => !name.startsWith('head '))).toEqual(
      expect.arrayContaining(expected),
    )
    expect(document.servers).toEqual([{ url: '/v1.3' }])
  })

  test('gives operations ids of their own', () => {
    const ids = operations.flatMap(([, { operationId }]) => operationId ?? [])
    expect(ids.length).toBeGreaterThan(8)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test.each(operations)('declares its answers and path parameters: %s', (name, operation) => {
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
    const declared = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? []
    expect(declared.map((parameter) => parameter.name)).toEqual(inPath)
    expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true)
    const open = /\/(health|ready)$/.test(name)
    expect(Boolean(operation.responses['401'])).toBe(!open)
    expect((operation.security ?? document.security)!.length).toBe(open ? 0 : 1)
  })

  test('describes answers that the server really gives', async () => {
    const ajv = createAjv()
    ajv.addSchema({ ...document, $id: 'api' } as AnySchema)
    const created = await world.call('POST', '/assets/multipart-uploads', {
      body: { filename: 'a.mp4', type: 'video', total_size: 6_000_000 },
    })
    const id = created.json<{ upload_id: string }>().upload_id
    const answers = [
      ['CreateAssetUploadResponse', created],
      ['UploadStatusResponse', await world.call('GET', `/assets/multipart-uploads/${id}`)],
      ['UploadChunkMap', await world.call('GET', `/assets/multipart-uploads/${id}/chunk-map`)],
      ['ListIncompleteUploadsResponse', await world.call('GET', '/assets/multipart-uploads')],
      ['ListAssetsResponse', await world.call('GET', '/assets')],
      ['Error', await world.call('GET', '/assets/x')],
    ] as const
    for (const [name, answer] of answers) {
      const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` })
      expect(validate(answer.json()), `${name} ${JSON.stringify(validate.errors)}`).toBe(true)
    }
  })
})
