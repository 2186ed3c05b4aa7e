// Bundles each package into its dist folder, and writes the declarations of the client. Packages
// from the registry stay imports; only the private protocol package goes in. The console is a page, with
// all it needs, in the folder of the server.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'rolldown'
import { build as buildPage } from 'vite'
import { emitClientTypes } from './support/client-types.ts'

const packages = join(import.meta.dirname, '..', 'packages')

interface Bundle {
  name: string
  entries: Record<string, string>
  platform: 'node' | 'neutral'
}

const BUNDLES: Bundle[] = [
  {
    name: 'client',
    entries: { index: 'src/index.ts', node: 'src/node.ts', uppy: 'src/uppy.ts' },
    platform: 'neutral',
  },
  {
    name: 'server',
    entries: { cli: 'src/cli/main.ts', 'media-reader': 'src/adapters/media/reader/main.ts' },
    platform: 'node',
  },
]

for (const { name, entries, platform } of BUNDLES) {
  const folder = join(packages, name)
  await rm(join(folder, 'dist'), { recursive: true, force: true })
  await build({
    cwd: folder,
    input: entries,
    platform,
    external: (id) => !/^(\.|\/|@partway\/protocol)/.test(id),
    output: { dir: 'dist', format: 'esm', sourcemap: true, chunkFileNames: '[name]-[hash].js' },
    logLevel: 'warn',
  })
}
await emitClientTypes()
// Into the dist folder of the server, which was emptied above.
await buildPage({ root: join(packages, 'console'), logLevel: 'warn' })
