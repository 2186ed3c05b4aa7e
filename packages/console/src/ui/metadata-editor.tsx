import { useRef } from 'preact/hooks'
import { emptyRow, type MetadataRow, type ValueKind } from '../lib/metadata.ts'
import { Icon } from './icon.tsx'

export interface MetadataEditorProps {
  rows: readonly MetadataRow[]
  onChange: (rows: MetadataRow[]) => void
  /** The row that cannot stay as it is. */
  wrong?: number | undefined
}

const KINDS: Record<ValueKind, string> = { text: 'Text', number: 'Number', boolean: 'Yes/no' }

/** Key-value pairs, one a row. */
export function MetadataEditor({ rows, onChange, wrong }: MetadataEditorProps) {
  const addButton = useRef<HTMLButtonElement>(null)
  const set = (index: number, change: Partial<MetadataRow>) =>
    onChange(rows.map((row, i) => (i === index ? { ...row, ...change } : row)))
  return (
    <div class="metadata-editor">
      {rows.map((row, index) => (
        <div class={`metadata-row ${wrong === index ? 'wrong' : ''}`} key={index}>
          <input
            class="input"
            aria-label={`Key ${index + 1}`}
            placeholder="key"
            value={row.key}
            aria-invalid={wrong === index}
            onInput={(event) => set(index, { key: event.currentTarget.value })}
          />
          <Value row={row} index={index} wrong={wrong === index} onChange={set} />
          <select
            class="input"
            aria-label={`Kind of value ${index + 1}`}
            value={row.kind}
            onChange={(event) => {
              const kind = event.currentTarget.value as ValueKind
              set(index, { kind, ...(kind === 'boolean' ? { value: 'true' } : {}) })
            }}
          >
            {Object.entries(KINDS).map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </select>
          <button
            type="button"
            class="button plain square small"
            aria-label={`Remove ${row.key || `pair ${index + 1}`}`}
            onClick={() => {
              // The button goes with the last row, and the focus would with it.
              if (index === rows.length - 1) addButton.current?.focus()
              onChange(rows.filter((_, i) => i !== index))
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button
        ref={addButton}
        type="button"
        class="button small"
        onClick={() => onChange([...rows, emptyRow()])}
      >
        <Icon name="plus" />
        Add a pair
      </button>
    </div>
  )
}

interface ValueProps {
  row: MetadataRow
  index: number
  wrong: boolean
  onChange: (index: number, change: Partial<MetadataRow>) => void
}

function Value({ row, index, wrong, onChange }: ValueProps) {
  const label = `Value ${index + 1}`
  if (row.kind === 'boolean') {
    return (
      <select
        class="input"
        aria-label={label}
        value={row.value}
        onChange={(event) => onChange(index, { value: event.currentTarget.value })}
      >
        <option value="true">yes</option>
        <option value="false">no</option>
      </select>
    )
  }
  return (
    <input
      class="input"
      aria-label={label}
      placeholder="value"
      inputMode={row.kind === 'number' ? 'decimal' : 'text'}
      value={row.value}
      aria-invalid={wrong}
      onInput={(event) => onChange(index, { value: event.currentTarget.value })}
    />
  )
}
