import { afterAll, describe, expect, test } from 'vitest'
import { type Document, nameOf, readYaml, resolve, type Schema } from '../support/http-openapi.ts'
import { createWorld } from '../support/http-world.ts'

const PATH = '/assets/multipart-uploads/{upload_id}/presigned-urls'

const world = await createWorld()
afterAll(() => world.app.close())

const seed = readYaml<Document>('seed-openapi.yaml')
const ours = (await world.app.inject('/openapi.json')).json<Document>()
const [seedPost, ourPost] = [seed.paths[PATH]!.post!, ours.paths[PATH]!.post!]

interface Field {
  path: string
  type: string | undefined
  format: string | undefined
}

/** Every field at any depth, with references followed. */
function fields(document: Document, schema: Schema, path = ''): Field[] {
  const { type, format, properties = {}, items } = resolve(document, schema)
  return [
    { path, type, format },
    ...Object.entries(properties).flatMap(([name, inner]) =>
      fields(document, inner, `${path}.${name}`),
    ),
    ...(items ? fields(document, items, `${path}[]`) : []),
  ]
}

const json = (body: { content?: Record<string, { schema?: Schema }> } | undefined): Schema =>
  body!.content!['application/json']!.schema!

const PAIRS = [
  ['request', json(seedPost.requestBody), json(ourPost.requestBody)],
  ['200 response', json(seedPost.responses['200']), json(ourPost.responses['200'])],
] as const

describe.each(PAIRS)('the %s of the seed', (_name, seedSchema, ourSchema) => {
  test.each(fields(seed, seedSchema))('has the same `$path`', (field) => {
    expect(fields(ours, ourSchema)).toContainEqual(field)
  })

  test('has the same name', () => {
    expect(nameOf(ourSchema)).toBe(nameOf(seedSchema))
  })
})

describe('the endpoint of the seed', () => {
  test('has fields enough to compare', () => {
    expect(PAIRS.map(([, schema]) => fields(seed, schema).length)).toEqual([3, 11])
  })

  test('requires the same fields of a request', () => {
    const [, seedSchema, ourSchema] = PAIRS[0]
    const { required } = resolve(ours, ourSchema)
    expect(required?.toSorted()).toEqual(resolve(seed, seedSchema).required?.toSorted())
  })

  // The seed promises no field of the response; we may promise more, never less.
  test('promises every field of the response', () => {
    const [, , ourSchema] = PAIRS[1]
    const { required, properties } = resolve(ours, ourSchema)
    expect(required?.toSorted()).toEqual(Object.keys(properties!).toSorted())
  })

  test('calls the items of `upload_urls` by the same name', () => {
    const items = ([document, schema]: [Document, Schema]) =>
      nameOf(resolve(document, schema).properties!.upload_urls!.items!)
    expect(items([ours, PAIRS[1][2]])).toBe(items([seed, PAIRS[1][1]]))
  })

  test.each(Object.keys(seedPost.responses))('answers %s', (status) => {
    expect(Object.keys(ourPost.responses)).toContain(status)
  })

  test('has the same operation id and content type', () => {
    expect(ourPost.operationId).toBe(seedPost.operationId)
    expect(Object.keys(ourPost.requestBody!.content!)).toEqual(
      Object.keys(seedPost.requestBody!.content!),
    )
  })

  test('is under the same path below the base', () => {
    expect(Object.keys(seed.paths)).toEqual([PATH])
    expect(ours.servers!.map((server) => server.url)).toEqual(['/v1.3'])
  })

  test.each(seedPost.parameters!)('takes $name in the $in', (parameter) => {
    const declared = ourPost.parameters?.find(({ name }) => name === parameter.name)
    if (declared) {
      expect(declared).toMatchObject({
        in: parameter.in,
        required: parameter.required,
        schema: { type: parameter.schema.type },
      })
    } else {
      // OpenAPI's own way to say it: a key in a header is a security scheme.
      const schemes = Object.values(ours.components.securitySchemes ?? {})
      expect(schemes).toContainEqual({ type: 'apiKey', in: parameter.in, name: parameter.name })
    }
  })
})
