// Who may import whom, type imports included; cycles are forbidden. The table is the one in
// ARCHITECTURE.md. Exits with 1 and a line per violation.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** Folder (longest match wins) → what it may import besides itself. `npm` packages are listed where they are meant to be few. */
const RULES: Record<string, string[]> = {
  'packages/protocol/src': ['typebox'],
  'packages/client/src': ['@partway/protocol'],
  'packages/client/src/node.ts': ['packages/client/src', 'node:'],
  'packages/client/src/node': ['packages/client/src', 'node:'],
  'packages/client/src/uppy.ts': ['packages/client/src', '@uppy/core'],
  'packages/client/src/uppy': ['packages/client/src', '@partway/protocol', '@uppy/core'],
  'packages/server/src/core': ['@partway/protocol'],
  'packages/server/src/adapters': ['packages/server/src/core', '@partway/protocol', 'node:', 'npm'],
  'packages/server/src/http': ['packages/server/src/core', '@partway/protocol', 'node:', 'npm'],
  'packages/server/src/server': [
    'packages/server/src/core',
    'packages/server/src/adapters',
    'packages/server/src/http',
    'packages/server/package.json',
    '@partway/protocol',
    'node:',
    'npm',
  ],
  'packages/server/src/cli': [
    'packages/server/src/core',
    'packages/server/src/adapters',
    'packages/server/src/server',
    '@partway/client',
    '@partway/protocol',
    'node:',
    'npm',
  ],
  'packages/console/src': [
    ...['@partway/client', '@partway/protocol', 'preact', '@preact/signals', '@uppy', 'hls.js'],
  ],
  // What needs no page, and is tested without one.
  'packages/console/src/lib': ['@partway/protocol'],
}

/** The only places that read the environment: the settings' readers at the edge of the program. */
const ENVIRONMENT_READERS = ['packages/server/src/cli/']

const STATIC_OR_DYNAMIC_IMPORT =
  /(?:^(?:import|export)\s(?:[\s\w{},*$]*?\bfrom\s+)?|\bimport\()['"]([^'"]+)['"]/gm

const files = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).sort()
const problems: string[] = []
const graph = new Map<string, string[]>()
const state = new Map<string, 'open' | 'done'>()

for (const file of files) {
  const source = readFileSync(join(root, file), 'utf8')
  const imports = [...source.matchAll(STATIC_OR_DYNAMIC_IMPORT)].map((match) => match[1]!)
  graph.set(file, [])
  for (const specifier of imports) {
    const target = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(file), specifier))
      : specifier
    if (specifier.startsWith('.')) graph.get(file)!.push(target)
    if (!isAllowed(file, target)) problems.push(`${file} may not import ${target}`)
  }
  const reads = /\bprocess\.env\b/.test(source)
  if (reads && !ENVIRONMENT_READERS.some((reader) => file.startsWith(reader))) {
    problems.push(`${file} reads process.env; only the command line does, and passes it on`)
  }
}

function ruleOf(file: string): string | undefined {
  return Object.keys(RULES)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0]
}

function isAllowed(file: string, target: string): boolean {
  const folder = ruleOf(file)
  if (folder === undefined) return false
  const adapter = adapterOf(file)
  if (adapter && adapterOf(target) && adapterOf(target) !== adapter) return false
  return [folder, ...RULES[folder]!].some((allowed) => {
    if (allowed === 'node:') return target.startsWith('node:')
    if (allowed === 'npm') return /^(@(?!partway\/)|[a-z])/.test(target) && !isLocal(target)
    return target === allowed || target.startsWith(`${allowed}/`)
  })
}

function isLocal(target: string): boolean {
  return target.startsWith('packages/') || target.startsWith('node:')
}

/** Adapters do not know each other; files directly in `adapters/` are shared. */
function adapterOf(file: string): string | undefined {
  return /^packages\/server\/src\/adapters\/(\w+)\//.exec(file)?.[1]
}

function visit(file: string, path: string[]): void {
  if (state.get(file) === 'done') return
  if (state.get(file) === 'open') {
    problems.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`)
    return
  }
  state.set(file, 'open')
  for (const next of graph.get(file) ?? []) visit(next, [...path, file])
  state.set(file, 'done')
}
for (const file of files) visit(file, [])

for (const problem of problems) console.error(problem)
console.log(`import rules: ${files.length} files, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0
