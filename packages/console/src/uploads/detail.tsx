import { UploadError } from '@partway/client'
import type { ChunkMap, UploadSummary } from '@partway/protocol'
import { useLive, useLoad, useNow, useSession, useThrottled } from '../api/use.ts'
import { cellsOf } from '../lib/cells.ts'
import { formatAge, formatSize, formatSpan, percentOf } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { Copyable } from '../ui/copy.tsx'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Facts, Skeleton } from '../ui/pieces.tsx'
import { RequestButton } from '../ui/request.tsx'
import { askToAbort } from './abort.ts'
import { ChunkMapView } from './chunk-map.tsx'
import { detailRequests } from './requests.ts'

type Summary = Omit<UploadSummary, 'updated_at'>

/** Between two looks at the chunks of one upload, in milliseconds. */
const MAP_PAUSE_MS = 500

export function UploadDetail({ id }: { id: string }) {
  const { client, get } = useSession()
  const now = useNow(1000)
  const summary = useLoad<Summary>(`upload ${id}`, () =>
    client.uploads.status(id, { page_limit: 1 }),
  )
  const map = useLoad(`map ${id}`, () => get<ChunkMap>(`/assets/multipart-uploads/${id}/chunk-map`))
  const reloadMap = useThrottled(map.reload, MAP_PAUSE_MS)
  useLive({
    upload(item) {
      if (item.upload_id !== id) return
      summary.change(() => item)
      reloadMap()
    },
    stale() {
      summary.reload()
      reloadMap()
    },
  })
  const item = summary.data
  return (
    <section class="view">
      <a class="back" href={linkTo({ view: 'uploads', page: 1 })}>
        <Icon name="back" />
        Uploads
      </a>
      <header class="view-head">
        <div>
          <Heading text={item?.filename ?? 'Upload'} />
          {item ? <Badge status={item.status} /> : null}
        </div>
        <div class="actions">
          <RequestButton requests={detailRequests(id)} />
          {item?.status === 'active' ? (
            <button
              type="button"
              class="button danger"
              onClick={() => askToAbort(client, item, summary.reload)}
            >
              Abort
            </button>
          ) : null}
          {item?.status === 'completed' ? (
            <a class="button primary" href={linkTo({ view: 'asset-detail', id: item.asset_id })}>
              Open the asset
            </a>
          ) : null}
        </div>
      </header>
      {summary.error === undefined ? null : (
        <ErrorNote
          error={summary.error}
          what={
            isMissing(summary.error) ? 'There is no such upload' : 'The upload could not be loaded'
          }
          onRetry={summary.reload}
        />
      )}
      {item ? <Explanation item={item} /> : null}
      <div class="card map-card">
        <h2>Chunks</h2>
        {map.data ? (
          <ChunkMapView
            id={id}
            cells={cellsOf(map.data)}
            ranges={map.data}
            chunkSize={map.data.chunk_size}
            totalSize={map.data.total_size}
          />
        ) : map.error === undefined ? (
          <Skeleton rows={3} label="Loading the chunks" />
        ) : null}
        {map.error === undefined ? null : (
          <ErrorNote error={map.error} what="The chunks could not be loaded" onRetry={map.reload} />
        )}
      </div>
      {item ? (
        <Facts
          facts={[
            [
              'Arrived',
              `${formatSize(item.uploaded_size)} of ${formatSize(item.total_size)} (${percentOf(item.uploaded_size, item.total_size)}%)`,
            ],
            ['Chunk size', formatSize(item.chunk_size)],
            ['Begun', formatAge(Date.parse(item.created_at), now)],
            [
              'Expires',
              item.status === 'active'
                ? `in ${formatSpan((Date.parse(item.expires_at) - now) / 1000)}`
                : undefined,
            ],
            ['Upload', <Copyable key="id" text={item.upload_id} name="the id of the upload" />],
            ['Asset', <Copyable key="asset" text={item.asset_id} name="the id of the asset" />],
          ]}
        />
      ) : null}
    </section>
  )
}

const EXPLANATIONS: Partial<Record<UploadSummary['status'], string>> = {
  expired: 'It was not complete in time. What had arrived cannot be gone on with: upload it again.',
  failed: 'It was aborted, or its asset deleted. What had arrived is removed: upload it again.',
}

const Explanation = ({ item }: { item: Summary }) =>
  EXPLANATIONS[item.status] ? <p class="note">{EXPLANATIONS[item.status]}</p> : null

const isMissing = (error: unknown) => error instanceof UploadError && error.status === 404
