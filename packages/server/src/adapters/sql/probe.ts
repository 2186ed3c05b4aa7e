import type { Finding } from '../finding.ts'
import type { Migrations } from './migrate.ts'

export const SKIPPED_WITHOUT_DATABASE = 'not checked: the database cannot be reached'

/** Whether the schema is that of this program, which a server sees to when it starts. */
export function migrationsFinding({ applied, pending, newer }: Migrations): Finding {
  const check = 'migrations'
  if (pending.length === 0) {
    const ours = `all ${applied.length - newer.length} are applied`
    const found =
      newer.length === 0 ? ours : `${ours}; a newer version has added ${newer.join(', ')}`
    return { check, outcome: 'ok', found }
  }
  const found =
    applied.length === 0
      ? `the database is empty; ${pending.length} are to be applied`
      : `to be applied: ${pending.join(', ')}`
  return { check, outcome: 'warning', found, remedy: 'partway migrate' }
}

/** What is wrong with a schema that a newer version has made. @throws every other error */
export function newerFinding(error: unknown): Finding {
  if (!(error instanceof Error && /newer version/.test(error.message))) throw error
  const remedy =
    'Install the version that last used this database, or restore a backup made before it.'
  return { check: 'migrations', outcome: 'failed', found: error.message, remedy }
}
