import { useId } from 'preact/hooks'
import { metadataOf } from '../lib/metadata.ts'
import { MetadataEditor } from '../ui/metadata-editor.tsx'
import { form, type UploadOptionsForm } from './uploader.ts'

const TYPES: [UploadOptionsForm['type'], string][] = [
  ['', 'By its name'],
  ['video', 'Video'],
  ['audio', 'Audio'],
  ['image', 'Image'],
  ['document', 'Document'],
]

/** What is asked for with the next files. */
export function OptionsCard() {
  const typeId = useId()
  const current = form.value
  const set = (change: Partial<UploadOptionsForm>) => {
    form.value = { ...form.peek(), ...change }
  }
  const read = metadataOf(current.metadata)
  return (
    <aside class="card options" aria-labelledby={`${typeId}-title`}>
      <h2 id={`${typeId}-title`}>For the next files</h2>
      <label for={typeId}>Type</label>
      <select
        id={typeId}
        class="input"
        value={current.type}
        onChange={(event) => set({ type: event.currentTarget.value as UploadOptionsForm['type'] })}
      >
        {TYPES.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={current.enableThumbnail}
          onChange={(event) => set({ enableThumbnail: event.currentTarget.checked })}
        />
        <span>
          Make a thumbnail
          <span class="fine">A picture for lists</span>
        </span>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={current.enableHls}
          onChange={(event) => set({ enableHls: event.currentTarget.checked })}
        />
        <span>
          Make an HLS stream
          <span class="fine">Video and audio, for players everywhere</span>
        </span>
      </label>
      <fieldset>
        <legend>Metadata</legend>
        <MetadataEditor
          rows={current.metadata}
          wrong={'problem' in read ? read.row : undefined}
          onChange={(metadata) => set({ metadata })}
        />
        {'problem' in read ? (
          <p class="problem" role="status">
            {read.problem} Until then no metadata is sent.
          </p>
        ) : null}
      </fieldset>
    </aside>
  )
}
