import Hls from 'hls.js/light'

/** Plays a stream where the browser does not do it by itself. Returns how to stop. */
export function playHls(video: HTMLVideoElement, url: string, onFatal: () => void): () => void {
  if (!Hls.isSupported()) {
    onFatal()
    return () => {}
  }
  // Its worker would be code from a blob, which the page's policy forbids; fMP4 needs none.
  const hls = new Hls({ enableWorker: false })
  hls.on(Hls.Events.ERROR, (_event, { fatal }) => {
    if (fatal) onFatal()
  })
  hls.loadSource(url)
  hls.attachMedia(video)
  return () => hls.destroy()
}
