import { PartwayError } from '@partway/protocol'
import { NAMED_SCHEMAS } from '@partway/protocol/schemas'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'

function createAjv(coerceTypes: false | 'array', allErrors: boolean) {
  // `verbose` keeps the values for the message.
  const ajv = new Ajv({
    ...{ allErrors, verbose: true, strict: false },
    ...{ coerceTypes, useDefaults: coerceTypes !== false },
  })
  ajvFormats.default(ajv)
  for (const schema of NAMED_SCHEMAS) ajv.addSchema(schema)
  return ajv
}

/**
 * The largest input, in characters of JSON, whose every problem is listed. A megabyte of wrong
 * items has millions; of that only the first is told.
 */
const MAX_LISTED = 16 * 1024

/** JSON bodies have types of their own; query strings and paths are text that stands for a type. */
export function createValidator(): FastifySchemaCompiler<AnySchema> {
  const compilers = {
    body: { first: createAjv(false, false), all: createAjv(false, true) },
    // 'array', because a repeated parameter that comes once is not an array yet.
    text: { first: createAjv('array', false), all: createAjv('array', true) },
  }
  return ({ schema, httpPart }) => {
    const { first, all } = compilers[httpPart === 'body' ? 'body' : 'text']
    const validate: ValidateFunction = first.compile(schema)
    const list: ValidateFunction = all.compile(schema)
    return (data: unknown) => {
      if (validate(data)) return true
      const text = JSON.stringify(data) ?? ''
      const errors = text.length > MAX_LISTED || list(data) ? validate.errors : list.errors
      return { error: Object.assign(new Error('invalid'), { validation: errors ?? [] }) }
    }
  }
}

/**
 * Checks what did not come as a JSON body as if it had.
 *
 * @throws PartwayError naming what is wrong
 */
export function checkBody(schema: TSchema): (data: unknown) => void {
  const validate = createValidator()({ schema, httpPart: 'body', method: '', url: '' })
  return (data) => {
    const result = validate(data)
    if (typeof result === 'object' && 'error' in result) {
      throw validationError((result.error as { validation?: Problem[] }).validation ?? [])
    }
  }
}

/** Parameters that one message names. */
const MAX_NAMES = 50

type Problem = FastifySchemaValidationError & { data?: unknown }

/** Names every parameter that is missing or wrong, its limit and the value received. */
export function validationError(problems: readonly Problem[]): PartwayError {
  const missing = unique(problems.filter(isMissing).map(nameOf)).slice(0, MAX_NAMES)
  const wrong = problems.filter((problem) => !isMissing(problem) && !isNullBranch(problem))
  if (missing.length > 0 && wrong.length === 0) {
    const text =
      missing.length === 1
        ? `The ${missing[0]} parameter is required but was not provided.`
        : `The following required parameters were not provided: ${missing.join(', ')}.`
    return new PartwayError('parameter_not_provided', text)
  }
  const names = unique(wrong.map(nameOf)).slice(0, MAX_NAMES)
  const details = unique(wrong.slice(0, MAX_NAMES).map(describe))
  const subject =
    names.length === 1
      ? `The ${names[0]} parameter is invalid.`
      : `The following parameters are invalid: ${names.join(', ')}.`
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
