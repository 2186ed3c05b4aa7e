import type { Asset, AssetList, AssetType, ListAssetsQuery } from '@partway/protocol'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useLive, useLoad, useNow, useSession, useThrottled } from '../api/use.ts'
import { formatAge, formatDuration, formatSize, plural } from '../lib/format.ts'
import { linkTo } from '../lib/route.ts'
import { replaceRoute } from '../shell/router.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'
import { Icon } from '../ui/icon.tsx'
import { Badge, Empty, Pager, Skeleton } from '../ui/pieces.tsx'
import { RequestButton } from '../ui/request.tsx'
import { isArriving, KIND_ICONS, kindOf } from './kind.ts'
import { listRequests } from './requests.ts'

const PAGE_LIMIT = 24
/** After the last letter, before the server is asked, in milliseconds. */
const TYPING_MS = 250
/** Between two loads of the list because of what was told, in milliseconds. */
const TOLD_PAUSE_MS = 1000

const TYPES: [value: '' | AssetType, name: string][] = [
  ['', 'All'],
  ['video', 'Video'],
  ['audio', 'Audio'],
  ['image', 'Image'],
  ['document', 'Document'],
]

interface ViewProps {
  page: number
  name: string
  type: string
}

export function AssetsView({ page, name, type }: ViewProps) {
  const { client } = useSession()
  const query: ListAssetsQuery = {
    ...{ page, page_limit: PAGE_LIMIT },
    ...(name ? { filename: name } : {}),
    ...(type ? { asset_types: [type as AssetType] } : {}),
  }
  const { data, error, reload, change } = useLoad(`assets ${page} ${type} ${name}`, () =>
    client.assets.list(query),
  )
  const reloadSoon = useThrottled(reload, TOLD_PAUSE_MS)
  useLive({
    asset: (asset) => {
      if (data?.data.some(({ _id }) => _id === asset._id)) change((list) => replaced(list, asset))
      // Whether a new one belongs here, only the server can tell.
      else if (page === 1) reloadSoon()
    },
    // What moves up to this page, and how many are left, only the server can tell.
    assetDeleted: reloadSoon,
    stale: reload,
  })
  return (
    <section class="view">
      <header class="view-head">
        <div>
          <Heading text="Assets" />
          <p class="lead">What uploads became. Newest first.</p>
        </div>
        <RequestButton requests={listRequests(query)} />
      </header>
      <Filter name={name} type={type} />
      {error === undefined ? null : (
        <ErrorNote error={error} what="The assets could not be loaded" onRetry={reload} />
      )}
      {data ? <Cards list={data} {...{ page, name, type }} /> : null}
      {!data && error === undefined ? <Skeleton rows={6} label="Loading the assets" /> : null}
    </section>
  )
}

function Filter({ name, type }: { name: string; type: string }) {
  const nameId = useId()
  const [typed, setTyped] = useState(name)
  const sent = useRef(name)
  // Back and forward change the filter too.
  useEffect(() => {
    if (name !== sent.current) setTyped(name)
    sent.current = name
  }, [name])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      replaceRoute(linkTo({ view: 'assets', page: 1, name: typed, type }))
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, type])
  return (
    <search class="filter">
      <span class="search-box">
        <Icon name="search" />
        <input
          id={nameId}
          class="input"
          type="search"
          aria-label="Filter by name"
          placeholder="Filter by name"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </span>
      <fieldset class="segments">
        <legend class="hidden">Type</legend>
        {TYPES.map(([value, text]) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name={`${nameId}-type`}
              checked={type === value}
              onChange={() =>
                replaceRoute(linkTo({ view: 'assets', page: 1, name: typed, type: value }))
              }
            />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
    </search>
  )
}

function Cards({ list, page, name, type }: ViewProps & { list: AssetList }) {
  const { data, page_info: info } = list
  // A page may be beyond the last one by now: others were deleted.
  if (info.total_results === 0) return <NoAssets filtered={name !== '' || type !== ''} />
  return (
    <>
      <p class="fine count" role="status">
        {plural(info.total_results, 'asset')}
      </p>
      <ul class="asset-grid">
        {data.map((asset) => (
          <AssetCard key={asset._id} asset={asset} />
        ))}
      </ul>
      <Pager
        page={page}
        pages={info.total_page}
        linkOf={(to) => linkTo({ view: 'assets', page: to, name, type })}
      />
    </>
  )
}

const NoAssets = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <Empty icon="search" title="Nothing matches">
      <p>Only part of a name is needed, in any case.</p>
      <a class="button" href={linkTo({ view: 'assets', page: 1, name: '', type: '' })}>
        Show all
      </a>
    </Empty>
  ) : (
    <Empty icon="film" title="No assets yet">
      <p>An upload becomes an asset when its last chunk has arrived.</p>
      <a class="button primary" href={linkTo({ view: 'upload' })}>
        Upload a file
      </a>
    </Empty>
  )

function AssetCard({ asset }: { asset: Asset }) {
  const now = useNow(30_000)
  const { _id, filename, status, size, duration, created_at } = asset
  const notes = [size === undefined ? '' : formatSize(size), formatAge(Date.parse(created_at), now)]
  return (
    <li class="asset-card">
      <a href={linkTo({ view: 'asset-detail', id: _id })}>
        <Picture asset={asset} />
        {duration === undefined ? null : (
          <span class="asset-duration">{formatDuration(duration)}</span>
        )}
        <span class="asset-name" title={filename}>
          {filename}
        </span>
        <span class="asset-note">
          {notes.filter(Boolean).join(' · ')}
          {status === 'ready' ? null : (
            <Badge status={status}>{isArriving(asset) ? 'arriving' : status}</Badge>
          )}
        </span>
      </a>
    </li>
  )
}

/** The thumbnail, or else what kind of thing it is. */
function Picture({ asset }: { asset: Asset }) {
  const given = asset.thumbnail?.representative_url
  const kind = kindOf(asset)
  // Every answer signs the URL anew; the picture is the same. One that failed may have expired.
  const [{ url, failed }, setState] = useState({ url: given, failed: false })
  if ((!url || failed) && given && given !== url) setState({ url: given, failed: false })
  return (
    <span class="asset-picture">
      {url && !failed ? (
        <img src={url} alt="" loading="lazy" onError={() => setState({ url, failed: true })} />
      ) : (
        <Icon name={kind ? KIND_ICONS[kind] : 'document'} />
      )}
    </span>
  )
}

const replaced = (list: AssetList, asset: Asset): AssetList => ({
  ...list,
  data: list.data.map((each) => (each._id === asset._id ? asset : each)),
})
