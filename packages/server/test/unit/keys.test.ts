import { describe, expect, it } from 'vitest'
import { secrets } from '../../src/adapters/crypto/index.ts'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { createKeys, DEFAULT_ACCOUNT } from '../../src/core/keys.ts'
import { T0 } from '../contract/samples.ts'

function createWorld(settingKey?: string) {
  const metadata = createMemoryMetadata()
  return { metadata, keys: createKeys({ metadata, secrets, clock: () => T0, settingKey }) }
}

const invalid = { code: 'api_key_invalid', status: 401 }

describe('API keys', () => {
  it('let their account in', async () => {
    const { keys } = createWorld()
    const { key } = await keys.create('alice', 'laptop')
    const other = await keys.create('bob', 'laptop')
    expect(await keys.authenticate(key)).toBe('alice')
    expect(await keys.authenticate(other.key)).toBe('bob')
  })

  it('carry 256 random bits behind `pw_`', async () => {
    const { keys } = createWorld()
    const made = await Promise.all(Array.from({ length: 50 }, () => keys.create('alice', 'x')))
    for (const { key } of made) expect(key).toMatch(/^pw_[\w-]{43}$/)
    expect(new Set(made.map(({ key }) => key)).size).toBe(50)
  })

  it('are kept as hashes only', async () => {
    const { keys, metadata } = createWorld()
    const { key, record } = await keys.create('alice', 'laptop')
    const kept = JSON.stringify([await metadata.listKeys(), record])
    expect(kept).not.toContain(key.slice(3))
    expect(record).toMatchObject({ hash: secrets.hash(key), account: 'alice', createdAt: T0 })
  })

  it('are refused when altered, extended, cut or made up', async () => {
    const { keys } = createWorld()
    const { key, record } = await keys.create('alice', 'laptop')
    const flipped = key.endsWith('A') ? 'B' : 'A'
    const wrong = [
      ...[`${key.slice(0, -1)}${flipped}`, `${key}A`, key.slice(0, -1), key.toUpperCase()],
      ...[` ${key}`, record.id, record.hash, 'pw_', '%', 'ключ'],
    ]
    for (const text of wrong) await expect(keys.authenticate(text)).rejects.toMatchObject(invalid)
  })

  it('say what is missing when there is none', async () => {
    const { keys } = createWorld()
    for (const none of [undefined, '']) {
      await expect(keys.authenticate(none)).rejects.toMatchObject({
        ...{ ...invalid, message: 'The `x-api-key` header is required but was not provided.' },
      })
    }
  })

  it('do not let in whose hash merely begins alike', async () => {
    const { keys, metadata } = createWorld()
    const { key, record } = await keys.create('alice', 'laptop')
    const hash = record.hash.slice(0, 16) + 'f'.repeat(48)
    const forged = createKeys({
      ...{ metadata, clock: () => T0, settingKey: undefined },
      secrets: { ...secrets, hash: () => hash },
    })
    await expect(forged.authenticate(key)).rejects.toMatchObject(invalid)
  })

  it('stop working when they are revoked', async () => {
    const { keys } = createWorld()
    const { key, record } = await keys.create('alice', 'laptop')
    const other = await keys.create('alice', 'phone')
    expect(await keys.revoke(record.id)).toBe(true)
    expect(await keys.revoke(record.id)).toBe(false)
    expect(await keys.revoke('nothing')).toBe(false)
    await expect(keys.authenticate(key)).rejects.toMatchObject(invalid)
    expect(await keys.authenticate(other.key)).toBe('alice')
    expect((await keys.list()).map(({ revokedAt }) => revokedAt)).toEqual([T0, undefined])
  })

  it('can be given as a setting, for the default account, without being stored', async () => {
    const { keys } = createWorld('a key from the settings')
    expect(await keys.authenticate('a key from the settings')).toBe(DEFAULT_ACCOUNT)
    await expect(keys.authenticate('a key from the setting')).rejects.toMatchObject(invalid)
    expect(await keys.list()).toEqual([])
  })

  it('never appear in an error', async () => {
    const { keys } = createWorld('the setting key')
    const error = await keys.authenticate('pw_almost-a-secret').catch((e: Error) => e)
    expect(String(error)).not.toContain('almost-a-secret')
  })
})
