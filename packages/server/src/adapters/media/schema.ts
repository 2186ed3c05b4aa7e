import type { TechnicalMetadata } from '@partway/protocol'
import { NAMED_SCHEMAS } from '@partway/protocol/schemas'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'

const ajv = new Ajv({ strict: false })
ajvFormats.default(ajv)
for (const schema of NAMED_SCHEMAS) ajv.addSchema(schema)

/** Whether what a reader of strangers' files says is fit to be passed on. */
export function isTechnicalMetadata(value: unknown): value is TechnicalMetadata {
  return ajv.validate('TechnicalMetadata', value)
}
