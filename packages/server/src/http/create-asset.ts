import multipart, { type Multipart } from '@fastify/multipart'
import { PartwayError } from '@partway/protocol'
import { Asset, CreateAssetFields, Filename, ref } from '@partway/protocol/schemas'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Direct, ReceivedFile } from '../core/direct.ts'
import { checkUrl, type Imports } from '../core/import.ts'
import { tooLarge } from '../core/ingest.ts'
import { errors, wishesOf } from './common.ts'
import { leaveBody } from './connection.ts'
import { assetAtCreation } from './present.ts'
import type { App } from './types.ts'
import { checkBody } from './validation.ts'

interface Deps {
  direct: Direct
  imports: Imports
  /** Most bytes of a file of any type. */
  maxSize: number
}

/** Bytes that the text parts and the boundaries of a form may take beside the file. */
const FORM_OVERHEAD = 1024 * 1024

const LIMITS = { fileSize: Number.POSITIVE_INFINITY, fieldSize: 256 * 1024, fields: 50, files: 1 }

const FORM_NAMES = new Set(Object.keys(CreateAssetFields.properties))

/** Contract section 3, A1. The official SDKs send the text parts before the file, or after it. */
export async function createAssetRoute(app: App, deps: Deps): Promise<void> {
  const isPartAFile = (name: string | undefined) => name === 'file'
  await app.register(multipart, { limits: LIMITS, isPartAFile })
  const check = checkBody(ref(CreateAssetFields))
  const checkEarly = checkBody(Type.Partial(CreateAssetFields))
  const checkName = checkBody(Type.Object({ filename: Filename }))

  app.route({
    method: 'POST',
    url: '/assets',
    schema: {
      operationId: 'create-asset',
      summary: 'Create an asset from a file or a URL',
      tags: ['Assets'],
      consumes: ['multipart/form-data'],
      body: Type.Object({
        ...CreateAssetFields.properties,
        file: Type.Optional(Type.Unsafe({ type: 'string', format: 'binary' })),
      }),
      response: { 201: ref(Asset), ...errors(400, 401, 408, 500, 503, 507) },
    },
    // The form is read, and its text checked, by the handler.
    validatorCompiler: () => () => true,
    onRequest: async (request) => {
      if (!request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data')) {
        throw new PartwayError(
          'content_type_invalid',
          'The `Content-Type` header is invalid. Send the form as `multipart/form-data`.',
        )
      }
      const length = Number(request.headers['content-length'] ?? 0)
      if (length > deps.maxSize + FORM_OVERHEAD) throw tooLarge('file', undefined, deps.maxSize)
    },
    errorHandler: (error, request, reply) => {
      leaveBody(request, reply)
      return app.errorHandler(error, request, reply)
    },
    handler: async (request, reply) => {
      const form = await readForm(request)
      try {
        check(form.fields)
        const created = await create(request.account, form.fields as CreateAssetFields, form)
        return reply.status(201).send(assetAtCreation(created))
      } catch (error) {
        if (form.file) await deps.direct.discard(form.file)
        throw error
      }
    },
  })

  /** Reads every part in the order they come; a file goes to the store meanwhile. */
  async function readForm(request: FastifyRequest): Promise<Form> {
    const form: Form = { fields: {}, file: undefined, filename: undefined }
    try {
      for await (const part of fromSender(request.parts())) {
        if (part.type === 'field') addField(form.fields, part)
        else {
          // What is already known to be wrong need not wait for gigabytes.
          checkEarly(form.fields)
          if (form.fields.method === 'url') throw fileWithUrl()
          form.filename = part.filename || undefined
          const name = form.fields.filename ?? form.filename ?? 'unnamed'
          form.file = await deps.direct.receive(
            request.account,
            String(name),
            fromSender(part.file),
          )
        }
      }
      return form
    } catch (error) {
      if (form.file) await deps.direct.discard(form.file)
      throw error
    }
  }

  async function create(account: string, fields: CreateAssetFields, { file, filename }: Form) {
    const wishes = wishesOf(fields)
    if (fields.method === 'url') {
      if (file) throw fileWithUrl()
      if (!fields.url) throw missing('url')
      checkUrl(fields.url)
      const given = fields.filename ?? undefined
      return deps.imports.create({ account, url: fields.url, filename: given, wishes })
    }
    if (!file) throw missing('file')
    const name = fields.filename ?? filename ?? 'unnamed'
    checkName({ filename: name })
    return deps.direct.create(file, name, wishes)
  }
}

interface Form {
  /** As far as they are ours, decoded; not checked. */
  fields: Record<string, unknown>
  file: ReceivedFile | undefined
  /** Of the file part. */
  filename: string | undefined
}

/** What is wrong with what arrives is the sender's doing, or the connection's. */
async function* fromSender<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* parts
  } catch (error) {
    const { statusCode, code } = error as { statusCode?: number; code?: string }
    if (error instanceof PartwayError || statusCode !== undefined) throw error
    if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') throw error
    throw new PartwayError('invalid_request', 'The form is malformed, or was cut off.', {
      cause: error,
    })
  }
}

type Field = Extract<Multipart, { type: 'field' }>

function addField(fields: Record<string, unknown>, { fieldname, value, valueTruncated }: Field) {
  if (!FORM_NAMES.has(fieldname) || value === '') return
  if (valueTruncated) throw invalid(fieldname, 'It is over 256 KiB.')
  fields[fieldname] = decode(fieldname, value)
}

/** Forms have nothing but text. What is no such text is left to the check to complain about. */
function decode(name: string, value: unknown): unknown {
  if (name === 'user_metadata' && typeof value === 'string') {
    try {
      return JSON.parse(value)
    } catch {
      throw invalid(name, 'It must be a JSON object as text.')
    }
  }
  if (name.startsWith('enable_')) return value === 'true' ? true : value === 'false' ? false : value
  return value
}

const invalid = (name: string, why: string) =>
  new PartwayError('parameter_invalid', `The \`${name}\` parameter is invalid. ${why}`)

const missing = (name: string) =>
  new PartwayError(
    'parameter_not_provided',
    `The \`${name}\` parameter is required but was not provided.`,
  )

const fileWithUrl = () => invalid('file', 'With method url there must not be one.')
