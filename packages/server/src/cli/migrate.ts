import { Command } from 'commander'
import { readConfig } from '../server/config.ts'
import { withExamples } from './common.ts'

interface Options {
  data?: string
  dryRun?: boolean
  json?: boolean
}

/** A server does the same when it starts; this is for doing it before, and for looking. */
export function migrateCommand(): Command {
  return withExamples(
    new Command('migrate'),
    'partway migrate --dry-run',
    'PARTWAY_DATABASE_URL=postgres://partway@db.example.com/partway partway migrate',
  )
    .description('bring the database to the schema of this version, as starting a server does')
    .option('--dry-run', 'only say what is to be done')
    .option('--data <folder>', 'the data folder of the server (PARTWAY_DATA)')
    .option('--json', 'print JSON')
    .action(migrate)
}

async function migrate({ data, dryRun = false, json }: Options): Promise<void> {
  const { migrateDatabase } = await import('../server/compose.ts')
  const { applied, pending } = await migrateDatabase(readConfig(process.env, { data }), dryRun)
  if (json) {
    const result = dryRun
      ? { dry_run: true, applied, pending }
      : { dry_run: false, applied: [...applied, ...pending], pending: [] }
    return console.log(JSON.stringify(result))
  }
  for (const name of pending) console.log(`${dryRun ? 'To apply' : 'Applied'}: ${name}`)
  if (pending.length === 0) console.log('Nothing to do: the database is up to date.')
}
