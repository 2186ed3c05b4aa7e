import type { Asset } from '@partway/protocol'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { KIND_ICONS, kindOf } from './kind.ts'
import { Media } from './media.tsx'
import { useKeptUrls } from './urls.ts'

/** What it looks or sounds like: a stream where there is one, else the file by range. */
export function Player({ asset }: { asset: Asset }) {
  const kind = kindOf(asset)
  const { urls, turn, renew } = useKeptUrls(asset)
  const { hls, file, poster } = urls
  const [failed, setFailed] = useState('')
  useEffect(() => setFailed(''), [file, hls])
  const onFailed = async () => {
    if (!(await renew())) setFailed(UNPLAYABLE)
  }
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
          <a class="button" href={file} download={asset.filename} target="_blank" rel="noreferrer">
            Download the document
          </a>
        </div>
      ) : null}
      {failed ? (
        <figcaption class="problem" role="alert">
          {failed}
        </figcaption>
      ) : null}
    </figure>
  )
}

const UNPLAYABLE = 'This browser cannot show it. The file is all right: download it instead.'

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
