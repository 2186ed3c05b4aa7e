import { UploadError } from '@partway/client'
import type { UploadDetail } from '@partway/protocol'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useSession } from '../api/use.ts'
import { formatAge, formatSize, percentOf, plural } from '../lib/format.ts'
import { baseName, identityKey } from '../lib/unfinished.ts'
import { confirm } from '../ui/confirm.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Bar } from '../ui/pieces.tsx'
import { toast } from '../ui/toasts.tsx'
import { endUpload } from './end.ts'
import { openHandle } from './handles.ts'
import { dropRecord, loadRecords, records, type UnfinishedRecord } from './records.ts'
import { lockName, sending } from './track.ts'
import { withEngine } from './uploader.ts'

/** What the server says of a file whose upload was begun before. */
interface Known {
  /** `undefined` while the server does not answer. */
  detail: UploadDetail | undefined
  elsewhere: boolean
}

/** Until a server that did not answer is asked again, in milliseconds. */
const AGAIN_MS = 3000

/** Files that were begun in this browser and are not sent now: the offer to go on with them. */
export function UnfinishedList() {
  const { client } = useSession()
  const [known, setKnown] = useState<ReadonlyMap<string, Known>>(new Map())
  const listed = sending.value

  const look = async () => {
    const found = await loadRecords()
    const held = (await navigator.locks?.query())?.held ?? []
    const answers = new Map<string, Known>()
    const ask = async ({ id }: UnfinishedRecord) => {
      const elsewhere = held.some(({ name }) => name === lockName(id))
      try {
        const detail = await client.uploads.status(id, { page_limit: 1 })
        if (detail.status === 'completed') await dropRecord(id)
        else answers.set(id, { detail, elsewhere })
      } catch (error) {
        // Of another account, or long gone: not offered.
        if (error instanceof UploadError && error.status === 404) return
        answers.set(id, { detail: undefined, elsewhere })
      }
    }
    await Promise.all(found.map(ask))
    setKnown(answers)
  }
  useEffect(() => {
    void look()
  }, [])
  useEffect(() => {
    if ([...known.values()].every(({ detail }) => detail)) return
    const timer = setTimeout(look, AGAIN_MS)
    return () => clearTimeout(timer)
  }, [known])

  const shown = records.value.flatMap((record) => {
    const found = known.get(record.id)
    return found && !listed.has(identityKey(record)) ? [{ record, ...found }] : []
  })
  if (shown.length === 0) return null
  return (
    <section class="card unfinished" aria-labelledby="unfinished-title">
      <header class="list-head">
        <div>
          <h2 id="unfinished-title">Go on with {plural(shown.length, 'file')}?</h2>
          <p class="fine">
            Begun in this browser, and not complete. What has arrived is not sent again.
          </p>
        </div>
        <button type="button" class="button plain small" onClick={look}>
          <Icon name="retry" />
          Look again
        </button>
      </header>
      <ul class="rows">
        {shown.map(({ record, ...state }) => (
          <UnfinishedRow key={record.id} record={record} {...state} onGone={look} />
        ))}
      </ul>
    </section>
  )
}

interface RowProps extends Known {
  record: UnfinishedRecord
  onGone: () => void
}

function UnfinishedRow({ record, detail, elsewhere, onGone }: RowProps) {
  const { client } = useSession()
  const input = useRef<HTMLInputElement>(null)
  const name = baseName(record.name)
  const active = detail?.status === 'active'
  // What the browser did not give back once, it will not give back the next time.
  const [refused, setRefused] = useState(false)
  const handle = refused ? undefined : record.handle

  async function goOn(file: File): Promise<void> {
    if (file.size !== record.size || file.lastModified !== record.modified) {
      toast(
        `This is not the same file: ${name} has ${formatSize(record.size)}, and was not changed since.`,
      )
      return
    }
    await withEngine((engine) => engine.goOn(file, record))
  }
  const start = () => {
    if (!handle) return input.current?.click()
    openHandle(handle).then(goOn, () => {
      toast(`The browser does not give ${name} back. Choose the file again.`)
      setRefused(true)
    })
  }
  const discard = () =>
    confirm({
      title: `Discard ${name}?`,
      text: 'The upload is ended on the server, and what has arrived is removed.',
      action: 'Discard',
      run: async () => {
        await endUpload(client, record.uploadId)
        onGone()
      },
    })

  return (
    <li class="row">
      <div class="row-main">
        <span class="row-title" title={record.name}>
          {record.name}
        </span>
        <span class="row-note">
          {detail
            ? `${formatSize(detail.uploaded_size)} of ${formatSize(record.size)} arrived`
            : 'The server does not answer; it is asked again'}{' '}
          · begun {formatAge(record.at, Date.now())}
        </span>
        {detail && active ? (
          <Bar
            value={detail.uploaded_size}
            max={record.size}
            label={`${name}: ${percentOf(detail.uploaded_size, record.size)} per cent arrived`}
          />
        ) : null}
      </div>
      <div class="row-end">
        {!detail || active ? null : <Badge status={detail.status} />}
        {elsewhere ? <span class="fine">Being sent in another tab</span> : null}
        {active && !elsewhere ? (
          <button type="button" class="button primary small" onClick={start}>
            {handle ? 'Go on' : 'Choose the file and go on'}
          </button>
        ) : null}
        {elsewhere || !detail ? null : (
          <button type="button" class="button plain small" onClick={discard}>
            Discard
          </button>
        )}
        <input
          ref={input}
          type="file"
          hidden
          aria-label={`Choose ${name} again`}
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? []
            if (file) void goOn(file)
            event.currentTarget.value = ''
          }}
        />
      </div>
    </li>
  )
}
