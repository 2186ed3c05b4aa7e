import { signal } from '@preact/signals'

/** Between two looks whether a server is there that the browser has no network to, in milliseconds. */
const AGAIN_MS = 3000

/** Whether there is a way to the server, as far as the browser knows of its network. */
export const reachable = signal(true)

let again: ReturnType<typeof setTimeout> | undefined

/** Browsers go by the network; a server on this machine needs none. */
async function look(): Promise<void> {
  const isThere = navigator.onLine || (await answers())
  clearTimeout(again)
  if (!isThere) again = setTimeout(look, AGAIN_MS)
  reachable.value = isThere
}
void look()
window.addEventListener('online', look)
window.addEventListener('offline', look)

const answers = (): Promise<boolean> =>
  fetch('/', { method: 'HEAD', cache: 'no-store' }).then(
    () => true,
    // The network may have come back meanwhile.
    () => navigator.onLine,
  )

/** Without a way to the server files are not begun; they would only fail. */
export async function untilReachable(ended: AbortSignal): Promise<void> {
  await look()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = reachable.subscribe((isThere) => {
    if (isThere) resolve()
  })
  ended.addEventListener('abort', () => resolve(), { once: true })
  if (!ended.aborted) await promise
  stop()
}
