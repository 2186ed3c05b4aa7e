import { join } from 'node:path'

/** Where a server can die on the way of a chunk to an asset, in order. */
export const CRASH_STEPS = [
  'after the body is written',
  'after the body is renamed',
  'after the report is recorded',
  'between record and seal',
  'before the folder is renamed',
  'after the folder is renamed',
  'after seal',
  'before the answer',
] as const

export type CrashStep = (typeof CRASH_STEPS)[number]

/** Not a setting of ours: the program knows nothing of it. */
export const CRASH_VARIABLE = 'TEST_CRASH_STEP'

/** Runs the server from its sources so that it kills itself at the step in {@link CRASH_VARIABLE}. */
export const CRASH_SERVER = [
  process.execPath,
  '--conditions=partway-source',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'crash-server.ts'),
]
