import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../../../..')
const CLIENT = join(ROOT, 'packages/client')

/** Packs the client and installs it in `folder`, as somebody else would; nothing is downloaded. */
export async function installClient(folder: string): Promise<void> {
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel=error']
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder, ...quiet], {
    cwd: CLIENT,
  })
  const [, filename] = /"filename": "([^"]+)"/.exec(packed.stdout)!
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  await run('npm', ['install', ...quiet, join(folder, filename!)], { cwd: folder })
}

/** Puts a package that this repository has where the folder finds it. */
export async function borrow(folder: string, name: string): Promise<void> {
  const target = join(folder, 'node_modules', name)
  await mkdir(join(target, '..'), { recursive: true })
  await symlink(join(ROOT, 'node_modules', name), target)
}

/** Checks `files` of `folder`. Resolves to what tsc complains about. */
export async function typeCheck(
  folder: string,
  files: string[],
  compilerOptions: Record<string, unknown> = {},
): Promise<string> {
  const options = {
    ...{ target: 'ES2024', lib: ['ES2024', 'ESNext.Disposable', 'DOM'], types: [] },
    ...{ module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ skipLibCheck: false, ...compilerOptions },
  }
  const project = join(folder, 'tsconfig.json')
  await writeFile(project, JSON.stringify({ compilerOptions: options, files }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  return run(process.execPath, [tsc, '-p', project], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout, message }) => stdout || message,
  )
}

export const binary = (name: string) => join(ROOT, 'node_modules/.bin', name)

/** Runs a program in `folder`; resolves to what it writes. */
export async function runIn(folder: string, command: string, args: string[]): Promise<string> {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', DENO_DIR: join(folder, '.deno') }
  const { stdout } = await run(command, args, { cwd: folder, env, timeout: 60_000 })
  return stdout
}
