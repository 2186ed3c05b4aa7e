import { Command } from 'commander'
import { withExamples } from './common.ts'

export function migrateStoreCommand(): Command {
  return withExamples(
    new Command('migrate-store'),
    'partway migrate-store --from /var/lib/partway --dry-run',
    'PARTWAY_DATABASE_URL=postgres://… PARTWAY_STORE_URL=s3://… PARTWAY_SIGNING_KEYS=… \\',
    '  partway migrate-store --from /var/lib/partway',
  )
    .description('move an installation on SQLite and a folder to PostgreSQL and S3')
    .requiredOption('--from <folder>', 'the data folder to move; its server must be stopped')
    .option('--from-database <url>', 'sqlite:PATH, when it is not partway.db in that folder')
    .option('--from-store <url>', 'file:PATH, when it is not store in that folder')
    .option('--dry-run', 'only say what is to be done; the server may run')
    .option('--end-uploads', 'leave uploads behind that are under way')
    .option('--json', 'print events as JSON lines')
    .action(async (options) => {
      const { migrateStore } = await import('./migrate-store/run.ts')
      await migrateStore(options)
    })
}
