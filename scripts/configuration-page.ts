// Writes docs/configuration.md from the table of settings; with --check it only compares, and
// fails when the page is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SETTINGS } from '../packages/server/src/server/settings.ts'

const path = join(import.meta.dirname, '../docs/configuration.md')

const rows = Object.values(SETTINGS).map(({ variable, option, default: fallback, description }) => {
  const name = option ? `\`${variable}\`<br>\`${option}\`` : `\`${variable}\``
  return `| ${name} | ${fallback ? `\`${fallback}\`` : '–'} | ${description} |`
})

const page = `# Configuration

<!-- Made by \`npm run docs\` from packages/server/src/server/settings.ts. Do not edit. -->

Every setting is an environment variable; the few that have one are also options of \`partway serve\`,
which win. All settings are checked before the server starts, and everything that is wrong is
reported at once, unknown \`PARTWAY_\` variables included.

Sizes are written \`10GiB\`, \`512MiB\` or in bytes; durations \`24h\`, \`30m\`, \`90s\` or \`500ms\`.

| setting | default | meaning |
|---|---|---|
${rows.join('\n')}

The command line's client side (\`partway upload\`, \`uploads\`, \`assets\`) reads \`PARTWAY_SERVER\` (default
\`http://127.0.0.1:4100\`) and \`PARTWAY_API_KEY\`.
`

if (process.argv.includes('--check')) {
  const current = readFileSync(path, 'utf8')
  if (current !== page) {
    console.error('docs/configuration.md is stale: run `npm run docs`.')
    process.exit(1)
  }
  console.log('docs/configuration.md is up to date')
} else {
  writeFileSync(path, page)
}
