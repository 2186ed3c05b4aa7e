import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

/** All that is loaded with a file of the built program, before anything of it runs. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  const source = readFileSync(file, 'utf8')
  for (const [, specifier] of source.matchAll(/^import\s(?:[^'"]*?from\s*)?["']([^'"]+)["']/gm)) {
    const found = specifier!.startsWith('.') ? join(dirname(file), specifier!) : specifier!
    if (seen.has(found)) continue
    seen.add(found)
    if (found !== specifier) loadedWith(found, seen)
  }
  return seen
}

it('the command line loads no server before it is asked for one', () => {
  const loaded = loadedWith(join(import.meta.dirname, '../../dist/cli.js'))
  expect(loaded).toContain('commander')
  for (const heavy of ['fastify', 'kysely', 'pg', 'node:sqlite', 'pino']) {
    expect(loaded).not.toContain(heavy)
  }
})
