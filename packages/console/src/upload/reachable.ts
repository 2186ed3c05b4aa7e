/** Between two looks whether a server is there that the browser has no network to, in milliseconds. */
const AGAIN_MS = 3000

/** Browsers go by the network; a server on this machine needs none. */
export async function isReachable(): Promise<boolean> {
  if (navigator.onLine) return true
  return fetch('/', { method: 'HEAD', cache: 'no-store' }).then(
    () => true,
    // It may have come back meanwhile.
    () => navigator.onLine,
  )
}

/** Without a way to the server files are not begun; they would only fail. */
export async function untilReachable(signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await isReachable())) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, AGAIN_MS)
      const onOnline = () => {
        clearTimeout(timer)
        resolve()
      }
      window.addEventListener('online', onOnline, { once: true, signal })
    })
  }
}
