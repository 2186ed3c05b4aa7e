import type { UploadDetail } from '@partway/protocol'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useSession } from '../api/use.ts'
import { formatAge, formatSize, percentOf, plural } from '../lib/format.ts'
import { baseName, identityKey } from '../lib/unfinished.ts'
import { confirm } from '../ui/confirm.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Bar } from '../ui/pieces.tsx'
import { toast } from '../ui/toasts.tsx'
import { askStatus } from './ask-status.ts'
import { createElsewhere } from './claims.ts'
import { endUpload } from './end.ts'
import { openHandle } from './handles.ts'
import { dropRecord, loadRecords, records, type UnfinishedRecord } from './records.ts'
import { sending } from './track.ts'
import { withEngine } from './uploader.ts'

/** What the server says of a file whose upload was begun before. */
interface Known {
  detail: UploadDetail
  elsewhere: boolean
}

/** Between two looks at whether another tab still sends a file, in milliseconds. */
const ELSEWHERE_MS = 3000

/** Files that were begun in this browser and are not sent now: the offer to go on with them. */
export function UnfinishedList() {
  const { client } = useSession()
  /** Nothing of those that are gone, or another account's. */
  const [known, setKnown] = useState<ReadonlyMap<string, Known | undefined>>(new Map())
  /** Those of which the server has not told. Whose they are is not known: they have no names. */
  const [asked, setAsked] = useState(0)
  const stop = useRef(new AbortController())
  const listed = sending.value

  const look = async () => {
    stop.current.abort()
    stop.current = new AbortController()
    const { signal } = stop.current
    const [found, isElsewhere] = await Promise.all([loadRecords(), createElsewhere()])
    if (signal.aborted) return
    setAsked(found.length)
    await Promise.all(
      found.map(async (record) => {
        const detail = await askStatus(client, record.id, signal)
        if (signal.aborted) return
        setAsked((before) => before - 1)
        if (detail?.status === 'completed') return dropRecord(record.id)
        const answer = detail && { detail, elsewhere: isElsewhere(record) }
        setKnown((before) => new Map(before).set(record.id, answer))
      }),
    )
  }
  useEffect(() => {
    void look()
    return () => stop.current.abort()
  }, [])

  // Such as one that was to be ended, and could not be.
  const isNew = records.value.some(
    (record) => !known.has(record.id) && !listed.has(identityKey(record)),
  )
  useEffect(() => {
    if (isNew && asked === 0) void look()
  }, [isNew, asked])

  const shown = records.value.flatMap((record) => {
    const found = known.get(record.id)
    return found && !listed.has(identityKey(record)) ? [{ record, ...found }] : []
  })
  // Only the tab that sends a file knows when it is done with it, and a page that was left is so soon.
  const isElsewhere = shown.some(({ elsewhere }) => elsewhere)
  useEffect(() => {
    if (!isElsewhere) return
    const timer = setInterval(async () => {
      const isStill = await createElsewhere()
      if (shown.some(({ record, elsewhere }) => elsewhere && !isStill(record))) void look()
    }, ELSEWHERE_MS)
    return () => clearInterval(timer)
  }, [isElsewhere, known])

  if (shown.length === 0) {
    return (
      <p class={asked > 0 ? 'fine' : 'hidden'} role="status">
        {asked > 0
          ? `Asking the server what became of ${plural(asked, 'file')} begun in this browser…`
          : ''}
      </p>
    )
  }
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
  const active = detail.status === 'active'
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
    try {
      // Another tab, or another machine, may have done something about it meanwhile.
      const { status } = await client.uploads.status(record.id, { page_limit: 1 })
      if (status !== 'active') {
        toast(`${name} is ${status === 'completed' ? 'stored already' : 'no longer active'}.`)
        return onGone()
      }
    } catch (error) {
      return toast((error as Error).message)
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
        await endUpload(client, record.uploadId, record)
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
          {formatSize(detail.uploaded_size)} of {formatSize(record.size)} arrived · begun{' '}
          {formatAge(record.at, Date.now())}
        </span>
        {active ? (
          <Bar
            value={detail.uploaded_size}
            max={record.size}
            label={`${name}: ${percentOf(detail.uploaded_size, record.size)} per cent arrived`}
          />
        ) : null}
      </div>
      <div class="row-end">
        {active ? null : <Badge status={detail.status} />}
        {elsewhere ? <span class="fine">Being sent in another tab</span> : null}
        {active && !elsewhere ? (
          <button type="button" class="button primary small" onClick={start}>
            {handle ? 'Go on' : 'Choose the file and go on'}
          </button>
        ) : null}
        {elsewhere ? null : (
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
