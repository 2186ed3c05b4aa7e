import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

// As much of an OpenAPI document as the tests read.

export interface Schema {
  $ref?: string
  type?: string
  format?: string
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
}

export interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Schema
}

export interface Body {
  description?: string
  content?: Record<string, { schema?: Schema }>
}

export interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: Body
  responses: Record<string, Body>
  security?: Record<string, string[]>[]
}

export interface Document {
  openapi: string
  servers?: { url: string }[]
  security?: Record<string, string[]>[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    securitySchemes?: Record<string, { type: string; in: string; name: string }>
  }
}

/** A YAML file beside the HTTP tests. */
export function readYaml<T>(name: string): T {
  return parse(readFileSync(join(import.meta.dirname, '../http', name), 'utf8')) as T
}

/** The schema itself where this is a reference to one of `document`. */
export function resolve(document: Document, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const [, name] = /^#\/components\/schemas\/([^/]+)$/.exec(schema.$ref) ?? []
  const found = document.components.schemas[name ?? '']
  if (!found) throw new Error(`${schema.$ref} does not exist`)
  return resolve(document, found)
}

/** The last part of a reference. */
export const nameOf = (schema: Schema): string | undefined => schema.$ref?.replace(/.*\//, '')
