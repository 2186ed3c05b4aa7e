import { UploadError } from '@partway/client'
import type { Asset } from '@partway/protocol'
import { useLive, useLoad, useNow, useSession } from '../api/use.ts'
import { formatAge, formatDuration, formatSize } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { Copyable } from '../ui/copy.tsx'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Bar, Facts, Skeleton } from '../ui/pieces.tsx'
import { RequestButton } from '../ui/request.tsx'
import { askToDelete } from './delete.ts'
import { useRenewal } from './expiry.ts'
import { Player } from './player.tsx'
import { assetRequests } from './requests.ts'
import { TechnicalSection } from './technical.tsx'
import { UserMetadataSection } from './user-metadata.tsx'

const LIST = linkTo({ view: 'assets', page: 1, name: '', type: '' })

export function AssetDetail({ id }: { id: string }) {
  const { client } = useSession()
  const { data, error, reload, change } = useLoad(`asset ${id}`, () => client.assets.retrieve(id))
  useLive({
    asset: (asset) => asset._id === id && change(() => asset),
    assetDeleted: (gone) => gone === id && reload(),
    stale: reload,
  })
  useRenewal(data?.url, reload)
  return (
    <section class="view detail">
      <a class="back" href={LIST}>
        <Icon name="back" />
        Assets
      </a>
      <header class="view-head">
        <div>
          <Heading text={data?.filename ?? 'Asset'} />
          {data ? <Badge status={data.status} /> : null}
        </div>
        {data ? <Actions asset={data} /> : null}
      </header>
      {error === undefined ? null : (
        <ErrorNote
          error={error}
          what={isMissing(error) ? 'There is no such asset' : 'The asset could not be loaded'}
          onRetry={reload}
        />
      )}
      {data ? <Details asset={data} onChange={reload} /> : null}
      {!data && error === undefined ? <Skeleton rows={6} label="Loading the asset" /> : null}
    </section>
  )
}

function Actions({ asset }: { asset: Asset }) {
  const { client } = useSession()
  const { filename, url } = asset
  return (
    <div class="actions">
      <RequestButton requests={assetRequests(asset)} />
      {url ? (
        <a class="button" href={url} download={filename} target="_blank" rel="noreferrer">
          <Icon name="download" />
          Download
        </a>
      ) : null}
      <button
        type="button"
        class="button danger"
        onClick={() =>
          askToDelete(client, asset, () => {
            location.hash = LIST
          })
        }
      >
        <Icon name="trash" />
        Delete
      </button>
    </div>
  )
}

function Details({ asset, onChange }: { asset: Asset; onChange: () => void }) {
  const now = useNow(30_000)
  const { _id, size, duration, url } = asset
  return (
    <>
      <Trouble asset={asset} />
      <div class="detail-columns">
        <div class="detail-main">
          <Player key={_id} asset={asset} />
          <UserMetadataSection asset={asset} onSaved={onChange} />
        </div>
        <div class="card about">
          <h2>About</h2>
          <Facts
            facts={[
              ['Type', asset.file_type],
              ['Size', size === undefined ? undefined : formatSize(size)],
              ['Duration', duration === undefined ? undefined : formatDuration(duration)],
              ['Created', formatAge(Date.parse(asset.created_at), now)],
              ['Came by', METHODS[asset.method]],
              ['HLS', asset.hls ? <Badge key="hls" status={asset.hls.status} /> : undefined],
              [
                'Thumbnail',
                asset.thumbnail ? <Badge key="thumb" status={asset.thumbnail.status} /> : undefined,
              ],
              ['Asset', <Copyable key="id" text={_id} name="the id" />],
              ['URL', url ? <Copyable key="url" text={url} name="the URL" /> : undefined],
            ]}
          />
          {url ? <p class="fine">The URL is signed, and expires.</p> : null}
        </div>
      </div>
      <TechnicalSection metadata={asset.technical_metadata} />
    </>
  )
}

const METHODS: Record<Asset['method'], string> = {
  multipart: 'an upload in chunks',
  direct: 'one form',
  url: 'a URL',
}

/** What went wrong, or is not there yet. */
function Trouble({ asset }: { asset: Asset }) {
  const { error, status, import: fetched, hls, thumbnail, url } = asset
  return (
    <>
      {error ? (
        <div class="error-note" role="alert">
          <Icon name="alert" />
          <div>{error.message}</div>
        </div>
      ) : null}
      {hls?.error ? <p class="note">There is no HLS stream: {hls.error.message}</p> : null}
      {thumbnail?.error ? (
        <p class="note">There is no thumbnail: {thumbnail.error.message}</p>
      ) : null}
      {fetched ? (
        <div class="note">
          It is being fetched: {formatSize(fetched.fetched_size)}
          {fetched.total_size ? ` of ${formatSize(fetched.total_size)}` : ''}
          <Bar value={fetched.fetched_size} max={fetched.total_size ?? 0} label="Fetched" />
        </div>
      ) : null}
      {status === 'processing' && !fetched ? (
        <p class="note" role="status">
          {url ? 'The file is there and is being looked at.' : 'The file is still on its way.'}
        </p>
      ) : null}
    </>
  )
}

const isMissing = (error: unknown) => error instanceof UploadError && error.status === 404
