import type { UserMetadata, UserMetadataInput } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { applyChange } from '../../src/core/user-metadata.ts'

describe('a change of key-value pairs', () => {
  const current = { camera: 'A', take: 3, kept: true }

  it.each<['replace' | 'merge', UserMetadataInput, UserMetadata]>([
    ['replace', { take: 4 }, { take: 4 }],
    ['replace', { camera: null, note: '', take: 0 }, { take: 0 }],
    ['replace', {}, {}],
    ['merge', { take: 4 }, { camera: 'A', take: 4, kept: true }],
    ['merge', { camera: null }, { take: 3, kept: true }],
    ['merge', { camera: '' }, { camera: 'A', take: 3, kept: true }],
    ['merge', { missing: null, fresh: false }, { ...current, fresh: false }],
    ['merge', {}, current],
  ])('to %s with %j gives %j', (kind, values, expected) => {
    expect(applyChange(current, { kind, values })).toEqual(expected)
  })

  it('keeps keys that objects have by themselves', () => {
    const values = JSON.parse('{"__proto__": "x", "constructor": 1}')
    const next = applyChange({}, { kind: 'replace', values })
    expect(JSON.stringify(next)).toBe('{"__proto__":"x","constructor":1}')
  })
})
