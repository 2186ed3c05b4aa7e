import type { UserMetadata, UserMetadataInput } from '@partway/protocol'

export type ValueKind = 'text' | 'number' | 'boolean'

/** A key-value pair as it is typed in. */
export interface MetadataRow {
  key: string
  kind: ValueKind
  value: string
}

export const emptyRow = (): MetadataRow => ({ key: '', kind: 'text', value: '' })

export function rowsOf(metadata: UserMetadata | undefined): MetadataRow[] {
  return Object.entries(metadata ?? {}).map(([key, value]) => ({
    key,
    kind: typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean'),
    value: String(value),
  }))
}

export type Metadata = { values: UserMetadata } | { problem: string; row: number }

/**
 * What the rows say; rows without key and value are left out. The first problem is told. Keys lose
 * space around them, but for those that `before` has.
 */
export function metadataOf(rows: readonly MetadataRow[], before: UserMetadata = {}): Metadata {
  const values: Record<string, string | number | boolean> = {}
  for (const [row, { key: typed, kind, value }] of rows.entries()) {
    const key = Object.hasOwn(before, typed) ? typed : typed.trim()
    if (key === '' && value.trim() === '') continue
    if (key === '') return { row, problem: `Give “${value}” a key.` }
    if (Object.hasOwn(values, key)) return { row, problem: `“${key}” is there twice.` }
    if (kind === 'text') {
      if (value === '') return { row, problem: `Give “${key}” a value, or remove it.` }
      values[key] = value
    } else if (kind === 'boolean') {
      values[key] = value === 'true'
    } else {
      const number = Number(value)
      if (value.trim() === '' || !Number.isFinite(number)) {
        return { row, problem: `“${value}” is not a number.` }
      }
      values[key] = number
    }
  }
  return { values }
}

/** What makes `before` into `after` where it is merged: `null` removes a key. */
export function changesOf(before: UserMetadata, after: UserMetadata): UserMetadataInput {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value)
  return Object.fromEntries([...gone.map((key) => [key, null]), ...set])
}
