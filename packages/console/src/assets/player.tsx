import type { Asset } from '@partway/protocol'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { KIND_ICONS, kindOf } from './kind.ts'

/** What it looks or sounds like: a stream where there is one, else the file by range. */
export function Player({ asset }: { asset: Asset }) {
  const kind = kindOf(asset)
  // Every answer signs URLs anew; what plays must not begin again for that.
  const urls = useFirst(asset._id, {
    hls: asset.hls?.manifest_url,
    file: asset.url,
    poster: asset.thumbnail?.representative_url,
  })
  const [failed, setFailed] = useState('')
  const { hls, file, poster } = urls
  if (!kind || !file || asset.status === 'failed') return <Nothing asset={asset} />
  return (
    <figure class="player">
      {kind === 'video' ? (
        <Video {...{ file, hls, poster, name: asset.filename, onFailed: setFailed }} />
      ) : null}
      {kind === 'audio' ? (
        // biome-ignore lint/a11y/useMediaCaption: there are no captions to show
        <audio
          controls
          preload="metadata"
          src={file}
          aria-label={asset.filename}
          onError={() => setFailed(UNPLAYABLE)}
        />
      ) : null}
      {kind === 'image' ? (
        <img src={file} alt={asset.filename} onError={() => setFailed(UNPLAYABLE)} />
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

interface VideoProps {
  file: string
  hls: string | undefined
  poster: string | undefined
  name: string
  onFailed: (message: string) => void
}

function Video({ file, hls, poster, name, onFailed }: VideoProps) {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const element = video.current!
    onFailed('')
    if (!hls) {
      element.src = file
      return
    }
    if (element.canPlayType('application/vnd.apple.mpegurl')) {
      element.src = hls
      return
    }
    let stop = () => {}
    let over = false
    const fallBack = () => {
      element.src = file
    }
    import('./hls.ts').then(({ playHls }) => {
      if (!over) stop = playHls(element, hls, fallBack)
    }, fallBack)
    return () => {
      over = true
      stop()
    }
  }, [file, hls, onFailed])
  return (
    <video
      ref={video}
      controls
      playsInline
      preload="metadata"
      aria-label={name}
      {...(poster ? { poster } : {})}
      onError={() => onFailed(UNPLAYABLE)}
    />
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

type Urls = Record<'hls' | 'file' | 'poster', string | undefined>

/** The first of each that was known, as long as it is the same asset. */
function useFirst(id: string, now: Urls): Urls {
  const first = useRef<{ id: string; urls: Urls }>({ id, urls: now })
  const kept = first.current.id === id ? first.current.urls : now
  const urls = {
    hls: kept.hls ?? now.hls,
    file: kept.file ?? now.file,
    poster: kept.poster ?? now.poster,
  }
  first.current = { id, urls }
  return urls
}
