import { fileURLToPath } from 'node:url'

/** Where a server can die on the way from a sealed file to a finished asset, in order. */
export const PROCESSING_STEPS = [
  'while the file is inspected',
  'after the inspection',
  'while the thumbnail is made',
  'between the thumbnail and the HLS stream',
  'in the middle of keeping a segment',
  'after the first segment is kept',
  'before the manifest is kept',
  'before the release',
] as const

/** Where a server can die while it brings a file in itself. */
export const SECOND_CHUNK = 'after the second chunk is recorded'

export type ProcessingStep = (typeof PROCESSING_STEPS)[number] | typeof SECOND_CHUNK

/** Not a setting of ours: the program knows nothing of it. */
export const PROCESSING_VARIABLE = 'TEST_PROCESSING_STEP'

/** Runs the server from its sources so that it kills itself at the step in {@link PROCESSING_VARIABLE}. */
export const PROCESSING_SERVER = [
  process.execPath,
  '--conditions=partway-source',
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(import.meta.resolve('./processing-crash-server.ts')),
]
