import { Command } from 'commander'
import { secrets } from '../adapters/crypto/index.ts'
import { createKeys, DEFAULT_ACCOUNT, type Keys } from '../core/keys.ts'
import { readConfig } from '../server/config.ts'
import { group, withExamples } from './common.ts'
import { UsageError } from './exit.ts'
import { table } from './text.ts'

interface Options {
  data?: string
  json?: boolean
}

const EXAMPLES = {
  create: 'partway keys create --account studio --name "ingest server"',
  list: 'partway keys list --data /var/lib/partway',
  revoke: 'partway keys revoke 0123456789abcdef',
}

/** Keys are managed where the database is; a running server sees changes at once. */
export function keysCommand(): Command {
  const commands = [
    local('create', EXAMPLES.create)
      .description('make a key; its text is shown only once')
      .option('--account <name>', 'the account it belongs to', DEFAULT_ACCOUNT)
      .option('--name <text>', 'what it is for', '')
      .action(create),
    local('list', EXAMPLES.list).description('list keys').action(list),
    local('revoke', EXAMPLES.revoke).description('end a key').argument('<id>').action(revoke),
  ]
  const description = "API keys, managed in the server's database"
  return group('keys', description, commands, Object.values(EXAMPLES))
}

const local = (name: string, example: string) =>
  withExamples(new Command(name), example)
    .option('--data <folder>', 'the data folder of the server (PARTWAY_DATA)')
    .option('--json', 'print JSON')

async function withKeys<T>(options: Options, work: (keys: Keys) => Promise<T>): Promise<T> {
  const { openMetadata } = await import('../server/compose.ts')
  const { data } = options
  const metadata = await openMetadata(readConfig(process.env, { data }))
  try {
    const clock = Date.now
    return await work(createKeys({ metadata, secrets, clock, settingKey: undefined }))
  } finally {
    await metadata.close()
  }
}

async function create(options: Options & { account: string; name: string }): Promise<void> {
  const { account, name } = options
  if (!/^[\w.@-]{1,64}$/.test(account)) {
    throw new UsageError('An account has 1 to 64 letters, digits, dots, dashes, @ or underscores.')
  }
  const { key, record } = await withKeys(options, (keys) => keys.create(account, name))
  if (options.json) return console.log(JSON.stringify({ id: record.id, account, name, key }))
  console.log(`Key ${record.id} for account ${account}, shown only now:\n${key}`)
}

async function list(options: Options): Promise<void> {
  const all = (await withKeys(options, (keys) => keys.list())).map((key) => ({
    id: key.id,
    account: key.account,
    name: key.name,
    created_at: new Date(key.createdAt).toISOString(),
    revoked_at: key.revokedAt === undefined ? null : new Date(key.revokedAt).toISOString(),
  }))
  if (options.json) return console.log(JSON.stringify(all))
  const rows = all.map((k) => [k.id, k.account, k.created_at, k.revoked_at ?? '-', k.name])
  console.log(table([['KEY', 'ACCOUNT', 'CREATED', 'REVOKED', 'NAME'], ...rows]))
}

async function revoke(id: string, options: Options): Promise<void> {
  if (!(await withKeys(options, (keys) => keys.revoke(id)))) {
    throw new Error(`there is no key ${id} that could be revoked`)
  }
  console.log(options.json ? JSON.stringify({ id }) : `Key ${id} is revoked.`)
}
