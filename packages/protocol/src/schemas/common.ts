import { type Static, type TSchema, Type } from 'typebox'

// The names of shared schemas follow the published OpenAPI document, so that generated clients
// get the same type names (contract section 2). `null` in an optional request field means
// "absent" (binding decision 7), which `optional` says in the schema itself.

/** A reference to a named schema that keeps its type. */
export const ref = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T>>({ $ref: `${(schema as { $id?: string }).$id}#` })

export const optional = <T extends TSchema>(schema: T, description?: string) =>
  Type.Optional(Type.Union([schema, Type.Null()], description ? { description } : {}))

/** Slashes, control characters and lone surrogates are refused; names never become paths. */
export const Filename = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^/\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$',
  description: 'The name of the file, without a path.',
})

export const date = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-11-22T10:00:00Z'] })

export const id = (description: string) =>
  Type.String({ description, examples: ['507f1f77bcf86cd799439011'] })

export const int = (description: string, options: object = {}) =>
  Type.Integer({ description, ...options })

export const ErrorBody = Type.Object(
  {
    code: Type.String({ description: 'Stable, machine-readable.' }),
    message: Type.String({ description: 'For people: names the parameter, limit and value.' }),
    docs_url: Type.Optional(Type.String({ format: 'uri' })),
  },
  { $id: 'Error', description: 'The body of every error outside the chunk door.' },
)
export type ErrorBody = Static<typeof ErrorBody>

export const PageInfo = Type.Object(
  {
    limit_per_page: int('Items a page.'),
    page: int('This page, as asked for.'),
    total_page: int('Pages in all.'),
    total_results: int('Items in all.'),
  },
  { $id: 'PageInfo' },
)
export type PageInfo = Static<typeof PageInfo>

export const PageQuery = Type.Object({
  page: Type.Optional(int('The page, from 1.', { minimum: 1, default: 1 })),
  page_limit: Type.Optional(int('Items a page.', { minimum: 1, maximum: 50, default: 10 })),
})
export type PageQuery = Static<typeof PageQuery>
