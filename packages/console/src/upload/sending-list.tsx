import type { Client } from '@partway/client'
import { useSession } from '../api/use.ts'
import { formatRate, formatSize, formatTimeLeft, percentOf, plural } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { online } from '../shell/online.tsx'
import { confirm } from '../ui/confirm.tsx'
import { ErrorNote } from '../ui/error-note.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Bar } from '../ui/pieces.tsx'
import { endUpload } from './end.ts'
import type { Engine } from './engine.ts'
import { hide, type Sending, sending } from './track.ts'
import { withEngine } from './uploader.ts'

/** Files as they are sent, with what each of them is at. */
export function SendingList() {
  const files = [...sending.value.values()]
  if (files.length === 0) return null
  const stored = files.filter(({ assetId }) => assetId)
  return (
    <section class="sending" aria-labelledby="sending-title">
      <header class="list-head">
        <h2 id="sending-title">Files of this tab</h2>
        {stored.length > 0 ? (
          <button
            type="button"
            class="button plain small"
            onClick={() => {
              for (const { id } of stored) hide(id)
            }}
          >
            Clear what is stored
          </button>
        ) : null}
      </header>
      <ul class="rows">
        {files
          .sort((a, b) => rank(a) - rank(b))
          .slice(0, SHOWN)
          .map((file) => (
            <SendingRow key={file.id} {...file} />
          ))}
      </ul>
      {files.length > SHOWN ? (
        <p class="fine">And {plural(files.length - SHOWN, 'file')} more.</p>
      ) : null}
    </section>
  )
}

/** Of hundreds, those at the top say enough. */
const SHOWN = 25

/** What needs somebody first, what is done last. */
const rank = ({ error, assetId }: Sending) => (error ? 0 : assetId ? 2 : 1)

const PHASES: Record<string, string> = {
  starting: 'Starting',
  checking: 'Comparing what was sent before',
  paused: 'Paused',
  done: 'Stored',
  failed: 'Stopped',
}

const phaseOf = (phase: string) =>
  phase === 'paused' && !online.value ? 'Waiting for the network' : (PHASES[phase] ?? '')

function SendingRow(row: Sending) {
  const { file, progress, assetId, uploadId, error } = row
  const { phase, sent, total } = progress
  const act = (run: (engine: Engine) => unknown) => withEngine(run)
  const running = !assetId && !error
  return (
    <li class="row sending-row">
      <div class="row-main">
        <span class="row-title" title={file.name}>
          {file.name}
        </span>
        <span class="row-note">
          {running ? `${formatSize(sent)} of ${formatSize(total)}` : formatSize(total)}
          {phase === 'sending' && running
            ? [formatRate(progress.rate), formatTimeLeft(progress.secondsLeft)]
                .filter(Boolean)
                .map((text) => ` · ${text}`)
                .join('')
            : ` · ${phaseOf(phase)}`}
        </span>
        {running ? (
          <Bar
            value={sent}
            max={total}
            label={`${file.name}: ${percentOf(sent, total)} per cent`}
          />
        ) : null}
      </div>
      <div class="row-end">
        {assetId ? (
          <>
            <Badge status="completed">stored</Badge>
            <a class="button small" href={linkTo({ view: 'asset-detail', id: assetId })}>
              Open
            </a>
          </>
        ) : null}
        {error ? <CancelButton row={row} /> : null}
        {running ? (
          <>
            <span class="figure">{percentOf(sent, total)}%</span>
            {uploadId ? (
              <a
                class="button plain square small"
                href={linkTo({ view: 'upload-detail', id: uploadId })}
                aria-label={`Chunks of ${file.name}`}
                title="Chunks"
              >
                <Icon name="grid" />
              </a>
            ) : null}
            <button
              type="button"
              class="button plain square small"
              aria-label={`${phase === 'paused' ? 'Resume' : 'Pause'} ${file.name}`}
              onClick={() => act((engine) => engine.togglePause(file))}
            >
              <Icon name={phase === 'paused' ? 'play' : 'pause'} />
            </button>
            <CancelButton row={row} />
          </>
        ) : null}
      </div>
      {error ? (
        <ErrorNote
          error={error}
          what={
            error.chunkIndex === undefined
              ? 'It was not sent to its end'
              : `Chunk ${error.chunkIndex} could not be sent`
          }
          onRetry={() => act((engine) => engine.retry(file))}
        />
      ) : null}
    </li>
  )
}

function CancelButton({ row }: { row: Sending }) {
  const { client } = useSession()
  return (
    <button
      type="button"
      class="button plain square small"
      aria-label={`Cancel ${row.file.name}`}
      onClick={() => cancel(client, row)}
    >
      <Icon name="close" />
    </button>
  )
}

function cancel(client: Client, { id, file, uploadId, error }: Sending): void {
  confirm({
    title: `Cancel ${file.name}?`,
    text: 'The upload is ended on the server, and what has arrived is removed.',
    action: 'Cancel the upload',
    async run() {
      // One that was given up is nobody's any more: it is ended here.
      if (error && uploadId) await endUpload(client, uploadId)
      await withEngine((engine) => engine.remove(file))
      if (error) hide(id)
    },
  })
}
