import { createHash } from 'node:crypto'
import { type Client, createClientOn } from './client.ts'
import type { HttpOptions } from './http.ts'
import { fileJournals } from './node/journals.ts'
import { createHttpTransport } from './node/transport-http.ts'

export * from './index.ts'
export { type FileSource, openFile } from './node/file.ts'
export { stateFolder } from './node/journals.ts'

export interface NodeClientOptions extends HttpOptions {
  /** Folder of the journals, such as {@link stateFolder}; without one, nothing is remembered. */
  journals?: string
}

/** A client for Node: counts what the socket took, and remembers uploads in files. */
export function createClient({ journals, ...options }: NodeClientOptions): Client {
  return createClientOn(
    {
      transport: createHttpTransport(),
      sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
      md5: (bytes) => createHash('md5').update(bytes).digest('hex'),
      journals: journals === undefined ? undefined : fileJournals(journals),
    },
    options,
  )
}
