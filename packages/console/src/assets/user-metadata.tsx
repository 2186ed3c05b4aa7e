import type { Asset, UserMetadata } from '@partway/protocol'
import { useRef, useState } from 'preact/hooks'
import { useSession } from '../api/use.ts'
import { changesOf, emptyRow, type MetadataRow, metadataOf, rowsOf } from '../lib/metadata.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Icon } from '../ui/icon.tsx'
import { MetadataEditor } from '../ui/metadata-editor.tsx'
import { Facts } from '../ui/pieces.tsx'
import { toast } from '../ui/toasts.tsx'

/** Key-value pairs of the user's own, edited where they are shown. */
export function UserMetadataSection({ asset, onSaved }: { asset: Asset; onSaved: () => void }) {
  const { client } = useSession()
  const [rows, setRows] = useState<MetadataRow[]>()
  const [problem, setProblem] = useState<{ problem: string; row: number }>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const editButton = useRef<HTMLButtonElement>(null)
  const form = useRef<HTMLFormElement>(null)
  /** What the rows were made of. */
  const begun = useRef<UserMetadata>({})
  const pairs = rowsOf(asset.user_metadata)

  const start = () => {
    begun.current = asset.user_metadata ?? {}
    setRows(pairs.length > 0 ? pairs : [emptyRow()])
    requestAnimationFrame(() => form.current?.querySelector('input')?.focus())
  }
  const stop = () => {
    setRows(undefined)
    setProblem(undefined)
    setError(undefined)
    // Back to where it was begun.
    requestAnimationFrame(() => editButton.current?.focus())
  }
  async function save(event: Event) {
    event.preventDefault()
    const read = metadataOf(rows ?? [], begun.current)
    if ('problem' in read) return setProblem(read)
    setProblem(undefined)
    setError(undefined)
    setBusy(true)
    try {
      // Only what was changed here: others may have changed the rest meanwhile.
      const changes = changesOf(begun.current, read.values)
      await client.assets.updateUserMetadata(asset._id, changes)
      toast('The metadata is saved.')
      stop()
      onSaved()
    } catch (cause) {
      setError(cause)
    }
    setBusy(false)
  }

  return (
    <section class="card" aria-labelledby="user-metadata-title">
      <header class="list-head">
        <h2 id="user-metadata-title">Metadata</h2>
        {rows ? null : (
          <button ref={editButton} type="button" class="button small" onClick={start}>
            <Icon name="edit" />
            Edit
          </button>
        )}
      </header>
      {rows ? (
        <form ref={form} onSubmit={save}>
          <MetadataEditor rows={rows} onChange={setRows} wrong={problem?.row} />
          {problem ? (
            <p class="problem" role="alert">
              {problem.problem}
            </p>
          ) : null}
          {error === undefined ? null : (
            <ErrorNote error={error} what="The metadata could not be saved" />
          )}
          <div class="actions end">
            <button type="button" class="button" onClick={stop}>
              Discard changes
            </button>
            <button type="submit" class="button primary" disabled={busy}>
              Save
            </button>
          </div>
        </form>
      ) : pairs.length > 0 ? (
        <Facts
          facts={pairs.map(({ key, kind, value }) => [
            key,
            kind === 'boolean' ? yesNo(value) : value,
          ])}
        />
      ) : (
        <p class="fine">None. Pairs of a key and a value help to find it again.</p>
      )}
    </section>
  )
}

const yesNo = (value: string) => (value === 'true' ? 'yes' : 'no')
