import { missing } from '../api/reachable.ts'
import { useSession } from '../api/use.ts'
import { formatRate, formatSize, formatTimeLeft, percentOf, plural } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Bar } from '../ui/pieces.tsx'
import { askToCancel, askToCancelAll } from './cancel.ts'
import type { Engine } from './engine.ts'
import { hide, type Sending, sending, underWay } from './track.ts'
import { withEngine } from './uploader.ts'

/** Files as they are sent, with what each of them is at. */
export function SendingList() {
  const { client } = useSession()
  const files = [...sending.value.values()]
  if (files.length === 0) return null
  const stored = files.filter(({ assetId }) => assetId)
  return (
    <section class="sending" aria-labelledby="sending-title">
      <header class="list-head">
        <div>
          <h2 id="sending-title">Files of this tab</h2>
          {files.length > SHOWN ? (
            <p class="fine">
              {stored.length.toLocaleString('en')} of {files.length.toLocaleString('en')} stored
            </p>
          ) : null}
        </div>
        {underWay.value.length > 1 ? (
          <button type="button" class="button plain small" onClick={() => askToCancelAll(client)}>
            Cancel all
          </button>
        ) : null}
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
const rank = ({ error, assetId, waiting }: Sending) => (error ? 0 : assetId ? 3 : waiting ? 2 : 1)

const PHASES: Record<string, string> = {
  starting: 'Starting',
  checking: 'Comparing what was sent before',
  paused: 'Paused',
  done: 'Stored',
  failed: 'Stopped',
}

/** Nothing where the figures say it. */
function stateOf({ progress: { phase }, waiting, paused }: Sending): string {
  if (missing.value && !paused && (waiting || phase === 'paused')) {
    return `Waiting for the ${missing.value}`
  }
  return waiting ? 'Waiting for its turn' : (PHASES[phase] ?? '')
}

function SendingRow(row: Sending) {
  const { file, progress, assetId, uploadId, error, waiting } = row
  const { phase, sent, total } = progress
  const resumable = phase === 'paused' && !waiting
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
            : ` · ${stateOf(row)}`}
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
            {(waiting && phase !== 'paused') || missing.value ? null : (
              <button
                type="button"
                class="button plain square small"
                aria-label={`${resumable ? 'Resume' : 'Pause'} ${file.name}`}
                onClick={() => act((engine) => engine.setPaused(file, !resumable))}
              >
                <Icon name={resumable ? 'play' : 'pause'} />
              </button>
            )}
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
      onClick={() => askToCancel(client, row)}
    >
      <Icon name="close" />
    </button>
  )
}
