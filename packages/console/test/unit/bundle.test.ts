import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const BUILT = join(import.meta.dirname, '../../../server/dist/console')
/** Bytes of script, gzipped, before anything is shown. */
const BUDGET = 150_000

const page = readFileSync(join(BUILT, 'index.html'), 'utf8')
const read = (url: string) => readFileSync(join(BUILT, url.replace('/console/', '')))

/** A script and all it imports at once; what it imports later is in calls of `import`. */
function withImports(url: string, seen = new Set<string>()): Set<string> {
  if (seen.has(url)) return seen
  seen.add(url)
  const text = read(url).toString()
  for (const [, name] of text.matchAll(/(?:^|[;}\s])(?:import|from)\s*["']\.\/([^"']+)["']/g)) {
    withImports(`/console/assets/${name}`, seen)
  }
  return seen
}

const scripts = [...page.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+\.js)"/g)].map(
  ([, url]) => url!,
)

describe('the built console', () => {
  it('shows itself with less than 150 kB of gzipped script', () => {
    const first = new Set(scripts.flatMap((url) => [...withImports(url)]))
    const sizes = [...first].map((url) => gzipSync(read(url)).byteLength)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    console.log(`first paint: ${total} bytes of gzipped script in ${first.size} files`)
    expect(total).toBeGreaterThan(10_000)
    expect(total).toBeLessThan(BUDGET)
  })

  it('loads Uppy and hls.js later', () => {
    const first = new Set(scripts.flatMap((url) => [...withImports(url)]))
    const all = readdirSync(join(BUILT, 'assets')).filter((name) => name.endsWith('.js'))
    const holds = (text: string) =>
      all.filter((name) => read(`/console/assets/${name}`).includes(text))
    for (const text of ['uppy-Dashboard', 'EXT-X-STREAM-INF']) {
      const later = holds(text)
      expect(later.length, text).toBeGreaterThan(0)
      expect(later.filter((name) => first.has(`/console/assets/${name}`))).toEqual([])
    }
  })

  it('has no script and no style in the page itself, and names no other host', () => {
    expect(page).not.toMatch(/<script(?![^>]+src=)|<style|\sstyle=|\son\w+=/)
    expect(page).not.toMatch(/https?:/)
  })
})
