import { PartwayError } from '@partway/protocol'
import type { Clock, Metadata, Secrets } from './ports.ts'
import type { ApiKey } from './types.ts'

export const DEFAULT_ACCOUNT = 'default'

export interface KeyDeps {
  metadata: Metadata
  secrets: Secrets
  clock: Clock
  /** A key given by setting: valid for the default account, never stored. */
  settingKey: string | undefined
}

export interface NewKey {
  /** Its text, which is not kept. */
  key: string
  record: ApiKey
}

export type Keys = ReturnType<typeof createKeys>

/** API keys: 256 random bits behind `pw_`, kept only as SHA-256. */
export function createKeys({ metadata, secrets, clock, settingKey }: KeyDeps) {
  const settingHash = settingKey === undefined ? undefined : secrets.hash(settingKey)
  // Part of the hash, so that finding a key in the database needs nothing of the key itself.
  const idOf = (hash: string) => hash.slice(0, 16)

  /** The account a key belongs to. @throws PartwayError `api_key_invalid` */
  async function authenticate(key: string | undefined): Promise<string> {
    if (key) {
      const hash = secrets.hash(key)
      if (settingHash && secrets.equal(hash, settingHash)) return DEFAULT_ACCOUNT
      const found = await metadata.findKey(idOf(hash))
      if (found && secrets.equal(hash, found.hash) && !found.revokedAt) return found.account
    }
    throw new PartwayError(
      'api_key_invalid',
      key
        ? 'API Key is either invalid or expired. Check the `x-api-key` header or create a key with `partway keys create`.'
        : 'The `x-api-key` header is required but was not provided.',
    )
  }

  /** A new key; the only time its text is known. */
  async function create(account: string, name: string): Promise<NewKey> {
    const made = make(account, name)
    await metadata.createKey(made.record)
    return made
  }

  /** The first key of all; `undefined` when there is one, so that of servers that start together one makes it. */
  async function createFirst(account: string, name: string): Promise<NewKey | undefined> {
    const made = make(account, name)
    return (await metadata.createFirstKey(made.record)) ? made : undefined
  }

  function make(account: string, name: string): NewKey {
    const key = `pw_${secrets.random()}`
    const hash = secrets.hash(key)
    const record = { id: idOf(hash), account, name, hash, createdAt: clock(), revokedAt: undefined }
    return { key, record }
  }

  const list = (): Promise<ApiKey[]> => metadata.listKeys()

  /** `false` when there is no such key, or it was revoked before. */
  const revoke = (id: string): Promise<boolean> => metadata.revokeKey(id, clock())

  return { authenticate, create, createFirst, list, revoke }
}
