import { join } from 'node:path'
import { type Program, startProgram, temporaryFolder } from './program.ts'
import { sha256, storeOf } from './program-files.ts'

/** One choice of database and store, in which the end-to-end sentences hold. */
export interface Installation {
  name: string
  /** An engine is missing, and this is not CI. */
  skips: boolean
  /** Where clients send chunks, if not to the server. */
  endpoint?: string
  open(options?: InstallationOptions): Promise<OpenInstallation>
}

export interface InstallationOptions {
  /** Another address of {@link Installation.endpoint}, for clients. */
  publicEndpoint?: string | undefined
}

export interface StartOptions {
  env?: Record<string, string>
  /** What to run instead of the built program. */
  command?: string[]
}

/** Database and store are empty at first, and gone with it: `await using`. */
export interface OpenInstallation extends AsyncDisposable {
  /** Starts a server; it goes on with what others before it left. */
  start(options?: StartOptions): Promise<Program>
  /** What the store holds: the names of assets, and how many uploads that are not sealed. */
  kept(): Promise<{ objects: string[]; uploads: number }>
  /** What the store calls a chunk of these bytes. */
  etagOf(bytes: Uint8Array): string
  /** Only where bytes are kept in a folder. */
  folder?: ReturnType<typeof storeOf>
}

/** SQLite and a folder; `settings` may name another database. */
export async function openOnFolder(settings: Record<string, string> = {}) {
  const files = await temporaryFolder()
  const data = join(files.path, 'data')
  const folder = storeOf(data)
  return {
    folder,
    start: ({ env, ...options }: StartOptions = {}) =>
      startProgram({ data, env: { ...settings, ...env }, ...options }),
    kept: async () => ({
      objects: await folder.objects(),
      uploads: (await folder.uploads()).length,
    }),
    etagOf: sha256,
    [Symbol.asyncDispose]: files[Symbol.asyncDispose],
  } satisfies OpenInstallation
}

/** What `partway serve` is without any setting. */
export const embedded: Installation = {
  name: 'SQLite and a folder',
  skips: false,
  open: () => openOnFolder(),
}
