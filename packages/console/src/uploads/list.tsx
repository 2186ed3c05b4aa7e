import type { UploadList, UploadSummary } from '@partway/protocol'
import { useLive, useLoad, useNow, useSession } from '../api/use.ts'
import { formatAge, formatSize, formatSpan, percentOf } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { withUpload } from '../lib/upload-list.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'
import { Badge, Bar, Empty, Pager, Skeleton } from '../ui/pieces.tsx'
import { RequestButton } from '../ui/request.tsx'
import { askToAbort } from './abort.ts'
import { listRequests } from './requests.ts'

const PAGE_LIMIT = 20

/** Uploads that are not completed, whoever sends them. */
export function UploadsView({ page }: { page: number }) {
  const { client } = useSession()
  const { data, error, reload, change } = useLoad(`uploads ${page}`, () =>
    client.uploads.list({ page, page_limit: PAGE_LIMIT }),
  )
  useLive({
    upload: (item) => change((list) => withUpload(list, item)),
    stale: reload,
  })
  return (
    <section class="view">
      <header class="view-head">
        <div>
          <Heading text="Uploads" />
          <p class="lead">Under way, or ended before they were complete. Newest first.</p>
        </div>
        <RequestButton requests={listRequests(page, PAGE_LIMIT)} />
      </header>
      {error === undefined ? null : (
        <ErrorNote error={error} what="The uploads could not be loaded" onRetry={reload} />
      )}
      {data ? <Rows list={data} page={page} onAborted={reload} /> : null}
      {!data && error === undefined ? <Skeleton label="Loading the uploads" /> : null}
    </section>
  )
}

function Rows({ list, page, onAborted }: { list: UploadList; page: number; onAborted(): void }) {
  const now = useNow(1000)
  if (list.data.length === 0 && page === 1) {
    return (
      <Empty icon="grid" title="Nothing under way">
        <p>
          Uploads show here while they are sent, by whatever client. When they are complete they
          become <a href={linkTo({ view: 'assets', page: 1, name: '', type: '' })}>assets</a>.
        </p>
        <a class="button primary" href={linkTo({ view: 'upload' })}>
          Upload a file
        </a>
      </Empty>
    )
  }
  return (
    <>
      <ul class="rows card">
        {list.data.map((item) => (
          <UploadRow key={item.upload_id} {...{ item, now, onAborted }} />
        ))}
      </ul>
      <Pager
        page={page}
        pages={list.page_info.total_page}
        linkOf={(to) => linkTo({ view: 'uploads', page: to })}
      />
    </>
  )
}

interface RowProps {
  item: UploadSummary
  now: number
  onAborted(): void
}

function UploadRow({ item, now, onAborted }: RowProps) {
  const { client } = useSession()
  const { status, filename, total_size: total, uploaded_size: arrived } = item
  const active = status === 'active'
  return (
    <li class="row">
      <div class="row-main">
        <a class="row-title" href={linkTo({ view: 'upload-detail', id: item.upload_id })}>
          {filename}
        </a>
        <span class="row-note">
          {formatSize(arrived)} of {formatSize(total)} ·{' '}
          {item.chunks_completed.toLocaleString('en')} of {item.total_chunks.toLocaleString('en')}{' '}
          chunks · begun {formatAge(Date.parse(item.created_at), now)}
          {active ? ` · expires in ${formatSpan((Date.parse(item.expires_at) - now) / 1000)}` : ''}
        </span>
        <Bar
          value={arrived}
          max={total}
          label={`${filename}: ${percentOf(arrived, total)} per cent arrived`}
        />
      </div>
      <div class="row-end">
        <span class="figure">{percentOf(arrived, total)}%</span>
        <Badge status={status} />
        {active ? (
          <button
            type="button"
            class="button small"
            aria-label={`Abort ${filename}`}
            onClick={() => askToAbort(client, item, onAborted)}
          >
            Abort
          </button>
        ) : null}
        {status === 'completed' ? (
          <a class="button small" href={linkTo({ view: 'asset-detail', id: item.asset_id })}>
            Open
          </a>
        ) : null}
      </div>
    </li>
  )
}
