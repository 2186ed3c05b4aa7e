// The declarations of the client as they are published. The protocol package is private, so what
// the client takes from it is written out in plain interfaces beside it.
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'
import { isSchema, typesOfSchemas } from './schema-types.ts'

const root = join(import.meta.dirname, '../..')
const client = join(root, 'packages/client')
const types = join(client, 'dist/types')
const ENTRIES = ['index', 'node', 'uppy']
const IMPORT = /((?:\bfrom|\bimport\()\s*')([^']+)(')/g
const PROTOCOL = /import (?:type )?\{([^}]*)\} from '@partway\/protocol'/g

/** Writes `dist/types` of the client. @throws Error with what tsc complains about */
export async function emitClientTypes(): Promise<void> {
  const emitted = join(client, 'dist/.declarations')
  await emit(emitted)
  const names = new Set<string>()
  const todo = ENTRIES.map((name) => `${name}.d.ts`)
  for (const file of todo) {
    const text = await readFile(join(emitted, 'client/src', file), 'utf8')
    for (const [, list] of text.matchAll(PROTOCOL)) {
      for (const name of list!.split(',')) names.add(name.replace(/\btype\b/, '').trim())
    }
    const rewritten = text.replace(IMPORT, (_, before, specifier: string, after) => {
      if (specifier === '@partway/protocol') return before + pathTo(file, 'protocol') + after
      if (!specifier.startsWith('.')) return before + specifier + after
      const target = posix.join(posix.dirname(file), specifier.replace(/\.ts$/, '.d.ts'))
      if (!todo.includes(target)) todo.push(target)
      return before + specifier.replace(/\.ts$/, '.js') + after
    })
    await write(file, rewritten)
  }
  await write('protocol.d.ts', await protocolTypes(names, emitted))
  await rm(emitted, { recursive: true })
}

async function emit(folder: string): Promise<void> {
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', folder]
  const project = ['-p', join(client, 'tsconfig.types.json')]
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, ...project, ...flags]).catch((error) => {
    throw new Error(`tsc: ${error.stdout}`)
  })
}

/** Schemas as interfaces, and the types of the chunk arithmetic as they are. */
async function protocolTypes(names: Set<string>, emitted: string): Promise<string> {
  const chunks = await readFile(join(emitted, 'protocol/src/chunks.d.ts'), 'utf8')
  const others = [...names].filter((name) => !isSchema(name))
  const interfaces = others.map((name) => {
    const body = `export interface ${name} \\{\\n[^]*?\\n\\}\\n`
    const found = new RegExp(`(?:/\\*\\*[^/]*\\*/\\n)?${body}`).exec(chunks)
    if (!found) throw new Error(`${name} of the protocol is neither a schema nor about chunks`)
    return found[0]
  })
  return [typesOfSchemas(names), ...interfaces].join('\n')
}

function pathTo(file: string, name: string): string {
  const up = posix.relative(posix.dirname(file), '.') || '.'
  return `${up}/${name}.js`
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(types, file)), { recursive: true })
  await writeFile(join(types, file), text)
}
