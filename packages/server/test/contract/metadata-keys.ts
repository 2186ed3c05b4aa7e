import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { ApiKey } from '../../src/core/types.ts'
import { race, T0, upTo } from './samples.ts'

function keyOf(id: string, createdAt = T0): ApiKey {
  const hash = id.padEnd(64, '0')
  return { id, account: 'alice', name: `key "${id}"`, hash, createdAt, revokedAt: undefined }
}

export function keySentences(metadata: () => Metadata): void {
  const create = async (id: string, createdAt = T0): Promise<ApiKey> => {
    const key = keyOf(id, createdAt)
    await metadata().createKey(key)
    return key
  }

  it('finds a key as it was created, and no other', async () => {
    const key = await create('aa')
    await create('bb')
    expect(await metadata().findKey('aa')).toEqual(key)
    expect(await metadata().findKey('AA')).toBeUndefined()
    expect(await metadata().findKey('')).toBeUndefined()
  })

  it('lists keys oldest first, revoked ones included', async () => {
    const young = await create('aa', T0 + 2)
    const old = await create('bb', T0 + 1)
    const oldest = await create('cc', T0)
    await metadata().revokeKey('bb', T0 + 5)
    expect(await metadata().listKeys()).toEqual([oldest, { ...old, revokedAt: T0 + 5 }, young])
  })

  it('lists no keys when there are none', async () => {
    expect(await metadata().listKeys()).toEqual([])
  })

  it('revokes a key for exactly one of many callers, and keeps when', async () => {
    await create('aa')
    const other = await create('bb')
    const won = await race(20, (i) => metadata().revokeKey('aa', T0 + i))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect((await metadata().findKey('aa'))?.revokedAt).toBe(T0 + won.indexOf(true))
    expect(await metadata().findKey('bb')).toEqual(other)
  })

  it('records the first key for exactly one of many callers', async () => {
    const keys = upTo(8).map((i) => keyOf(`${i}${i}`))
    const won = await race(8, (i) => metadata().createFirstKey(keys[i]!))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await metadata().listKeys()).toEqual([keys[won.indexOf(true)]])
  })

  it('records no first key where there is one, be it revoked', async () => {
    const key = await create('aa')
    await metadata().revokeKey('aa', T0)
    expect(await metadata().createFirstKey(keyOf('bb'))).toBe(false)
    expect(await metadata().listKeys()).toEqual([{ ...key, revokedAt: T0 }])
  })

  it('has nothing to revoke where there is no key', async () => {
    expect(await metadata().revokeKey('aa', T0)).toBe(false)
  })
}
