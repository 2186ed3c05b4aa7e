import type { Asset } from '@partway/protocol'
import { useEffect, useState } from 'preact/hooks'
import { ErrorNote } from '../ui/error-note.tsx'
import { Icon } from '../ui/icon.tsx'
import { KIND_ICONS, kindOf } from './kind.ts'
import { Media } from './media.tsx'
import { useKeptUrls } from './urls.ts'

/** What it looks or sounds like: a stream where there is one, else the file by range. */
export function Player({ asset }: { asset: Asset }) {
  const kind = kindOf(asset)
  const { urls, turn, renew } = useKeptUrls(asset)
  const { hls, file, poster } = urls
  const [failed, setFailed] = useState<'' | 'unplayable' | { error: unknown }>('')
  useEffect(() => setFailed(''), [file, hls, turn])
  const onFailed = () =>
    renew().then(
      (renewed) => renewed || setFailed('unplayable'),
      (error) => setFailed({ error }),
    )
  if (!kind || !file || asset.status === 'failed') return <Nothing asset={asset} />
  return (
    <figure class="player">
      {kind === 'video' || kind === 'audio' ? (
        <Media
          {...{ kind, file, turn, onFailed, name: asset.filename }}
          {...(kind === 'video' ? { hls, poster } : {})}
        />
      ) : null}
      {kind === 'image' ? (
        <img key={turn} src={file} alt={asset.filename} onError={onFailed} />
      ) : null}
      {kind === 'document' ? (
        <div class="player-nothing">
          <Icon name="document" />
          <a
            class="button"
            href={asset.url}
            download={asset.filename}
            target="_blank"
            rel="noreferrer"
          >
            Download the document
          </a>
        </div>
      ) : null}
      {failed === 'unplayable' ? (
        <figcaption class="problem" role="alert">
          This browser cannot show it. The file is all right: download it instead.
        </figcaption>
      ) : null}
      {typeof failed === 'object' ? (
        <figcaption>
          <ErrorNote {...failed} what="It could not be loaded" onRetry={onFailed} />
        </figcaption>
      ) : null}
    </figure>
  )
}

const Nothing = ({ asset }: { asset: Asset }) => {
  const kind = kindOf(asset)
  return (
    <div class="player player-nothing">
      <Icon name={kind ? KIND_ICONS[kind] : 'document'} />
      <p class="fine">
        {asset.status === 'failed' ? 'There is nothing to play.' : 'Nothing to play yet.'}
      </p>
    </div>
  )
}
