import * as exported from '../../packages/protocol/src/schemas.ts'

/** What of JSON Schema the protocol uses. */
interface Schema {
  $id?: string
  $ref?: string
  description?: string
  type?: string
  enum?: readonly unknown[]
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: readonly string[]
  patternProperties?: Record<string, Schema>
}

const SCHEMAS = new Map(
  Object.entries(exported as Record<string, unknown>).filter(
    (entry): entry is [string, Schema] =>
      typeof entry[1] === 'object' && entry[1] !== null && !Array.isArray(entry[1]),
  ),
)
const NAME_OF_ID = new Map<string, string>(
  [...SCHEMAS].flatMap(([name, { $id }]) => ($id ? [[`${$id}#`, name] as const] : [])),
)

/** The schemas of the protocol as plain TypeScript, which needs no TypeBox: `names` and what they refer to. */
export function typesOfSchemas(names: Iterable<string>): string {
  const texts = new Map<string, string>()
  const todo = [...names]
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const schema = SCHEMAS.get(name)
    if (texts.has(name) || !schema) continue
    texts.set(name, declarationOf(name, schema, todo))
  }
  return [...texts.keys()]
    .sort()
    .map((name) => texts.get(name))
    .join('\n')
}

export const isSchema = (name: string): boolean => SCHEMAS.has(name)

function declarationOf(name: string, schema: Schema, referred: string[]): string {
  const type = typeOf(schema, '', referred)
  const text = schema.properties ? `interface ${name} ${type}` : `type ${name} = ${type};`
  return `${commentOf(schema, '')}export ${text}\n`
}

/** @param referred gets the names of other schemas that the type mentions */
function typeOf(schema: Schema, indent: string, referred: string[]): string {
  const { $ref, type, anyOf, items, properties, patternProperties, required = [] } = schema
  const inner = `${indent}    `
  if ($ref !== undefined) {
    const name = NAME_OF_ID.get($ref)
    if (name === undefined) throw new Error(`no schema has the $id of ${$ref}`)
    referred.push(name)
    return name
  }
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (anyOf) return anyOf.map((each) => typeOf(each, indent, referred)).join(' | ')
  if (items) {
    const item = typeOf(items, indent, referred)
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`
  }
  if (patternProperties) {
    const values = Object.values(patternProperties).map((each) => typeOf(each, indent, referred))
    return `Record<string, ${values.join(' | ')}>`
  }
  if (properties) {
    const lines = Object.entries(properties).map(([name, property]) => {
      const mark = required.includes(name) ? '' : '?'
      return `${commentOf(property, inner)}${inner}${name}${mark}: ${typeOf(property, inner, referred)};\n`
    })
    return `{\n${lines.join('')}${indent}}`
  }
  if (type === 'integer') return 'number'
  if (['string', 'number', 'boolean', 'null'].includes(type ?? '')) return type!
  throw new Error(`no type is known for ${JSON.stringify(schema)}`)
}

const commentOf = ({ description }: Schema, indent: string) =>
  description ? `${indent}/** ${description} */\n` : ''
