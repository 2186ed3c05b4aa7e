import { PartwayError } from '@partway/protocol'
import { NAMED_SCHEMAS } from '@partway/protocol/schemas'
import { Ajv, type AnySchema } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'

// Every problem of a request is reported at once. `verbose` keeps the values for the message.
const OPTIONS = { allErrors: true, verbose: true, strict: false } as const

function createAjv(coerceTypes: false | 'array') {
  const ajv = new Ajv({ ...OPTIONS, coerceTypes, useDefaults: coerceTypes !== false })
  ajvFormats.default(ajv)
  for (const schema of NAMED_SCHEMAS) ajv.addSchema(schema)
  return ajv
}

/** JSON bodies have types of their own; query strings and paths are text that stands for a type. */
export function createValidator(): FastifySchemaCompiler<AnySchema> {
  const body = createAjv(false)
  // 'array', because a repeated parameter that comes once is not an array yet.
  const text = createAjv('array')
  return ({ schema, httpPart }) => (httpPart === 'body' ? body : text).compile(schema)
}

type Problem = FastifySchemaValidationError & { data?: unknown }

/** Names every parameter that is missing or wrong, its limit and the value received. */
export function validationError(problems: readonly Problem[]): PartwayError {
  const missing = unique(problems.filter(isMissing).map(nameOf))
  const wrong = problems.filter((problem) => !isMissing(problem) && !isNullBranch(problem))
  if (missing.length > 0 && wrong.length === 0) {
    const text =
      missing.length === 1
        ? `The ${missing[0]} parameter is required but was not provided.`
        : `The following required parameters were not provided: ${missing.join(', ')}.`
    return new PartwayError('parameter_not_provided', text)
  }
  const names = unique(wrong.map(nameOf))
  const details = unique(wrong.map(describe)).slice(0, 50)
  const subject =
    names.length === 1
      ? `The ${names[0]} parameter is invalid.`
      : `The following parameters are invalid: ${names.slice(0, 50).join(', ')}.`
  const also = missing.length > 0 ? ` Not provided: ${missing.join(', ')}.` : ''
  return new PartwayError('parameter_invalid', `${subject} ${details.join(' ')}${also}`)
}

const isMissing = (problem: Problem) => problem.keyword === 'required'

// "or null" is how optional fields are written; nobody needs to read it twice.
const isNullBranch = ({ keyword, params }: Problem) =>
  keyword === 'anyOf' || (keyword === 'type' && params.type === 'null')

function nameOf({ instancePath, params, keyword }: Problem): string {
  const path = instancePath.slice(1).replaceAll('/', '.')
  const missing = keyword === 'required' ? String(params.missingProperty) : ''
  return `\`${[path, missing].filter(Boolean).join('.') || 'body'}\``
}

function describe(problem: Problem): string {
  const { keyword, params, message, data } = problem
  const limit =
    keyword === 'enum'
      ? `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
      : keyword === 'pattern'
        ? patternText(problem)
        : (message ?? 'is not valid')
  return `${nameOf(problem)} ${limit}; received ${show(keyword, data)}.`
}

function patternText({ instancePath }: Problem): string {
  return instancePath.endsWith('_id')
    ? 'must be 24 lower-case hexadecimal digits'
    : 'must not contain slashes, control characters or broken Unicode'
}

function show(keyword: string, data: unknown): string {
  if (keyword === 'maxItems' || keyword === 'minItems') return `${(data as unknown[]).length} items`
  if (keyword === 'maxLength') return `${[...(data as string)].length} characters`
  const text = JSON.stringify(data) ?? 'nothing'
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

const unique = <T>(values: T[]): T[] => [...new Set(values)]
