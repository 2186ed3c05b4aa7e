import { useEffect, useRef } from 'preact/hooks'

export interface MediaProps {
  kind: 'video' | 'audio'
  name: string
  file: string
  /** Played rather than the file. */
  hls?: string | undefined
  poster?: string | undefined
  /** Another one begins anew, also with the same URLs. */
  turn: number
  onFailed: () => void
}

type MediaEvent = Event & { currentTarget: HTMLMediaElement }

/** A film or a sound. What begins anew, for other URLs, goes on where it was. */
export function Media({ kind, name, file, hls, poster, turn, onFailed }: MediaProps) {
  const element = useRef<HTMLVideoElement>(null)
  /** Where to go on, in seconds; nothing while there is nowhere to go on from. */
  const place = useRef<number>()
  const isWanted = useRef(false)

  // What failed before it could go on is where the one before it was.
  const keepPlace = ({ currentTime }: HTMLMediaElement) => {
    place.current = currentTime || place.current || 0
  }
  const goOn = ({ currentTarget: media }: MediaEvent) => {
    if (place.current !== undefined) media.currentTime = place.current
    place.current = undefined
    // Also for whoever pressed play before there was a source. Where the browser does not let us,
    // there is still its button.
    if (isWanted.current && media.paused) media.play().catch(() => {})
  }
  const onPause = ({ currentTarget: media }: MediaEvent) => {
    // What fails is paused by the browser, and nobody wanted it to be.
    if (!media.error) isWanted.current = false
  }

  useEffect(() => {
    const media = element.current!
    let stop = () => {}
    let over = false
    const fallBack = () => {
      keepPlace(media)
      stop()
      media.src = file
    }
    media.crossOrigin = null
    if (!hls) media.src = file
    else if (media.canPlayType('application/vnd.apple.mpegurl')) {
      // Without it Chromium takes no segments from another origin, where a bucket is.
      media.crossOrigin = 'anonymous'
      media.src = hls
    } else {
      import('./hls.ts').then(({ playHls }) => {
        if (!over) stop = playHls(media, hls, fallBack)
      }, fallBack)
    }
    return () => {
      over = true
      keepPlace(media)
      stop()
    }
  }, [file, hls, turn])

  const common = {
    ...{ ref: element, controls: true, preload: 'metadata' as const, 'aria-label': name },
    onLoadedMetadata: goOn,
    onPlay: () => {
      isWanted.current = true
    },
    onPause,
    onError: onFailed,
  }
  return kind === 'video' ? (
    <video {...common} playsInline {...(poster ? { poster } : {})} />
  ) : (
    <audio {...common} />
  )
}
