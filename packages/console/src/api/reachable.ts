import { computed, signal } from '@preact/signals'

/** Between two looks for what is missing, in milliseconds; doubled each time. */
const AGAIN_MS = { first: 3000, most: 15_000 }
/** A server that takes longer to say that it is ready is not, in milliseconds. */
const ANSWER_MS = 10_000

/** What keeps us from the server, as far as it is known. */
export const missing = signal<'network' | 'server' | undefined>(undefined)

export const reachable = computed(() => missing.value === undefined)

let again: ReturnType<typeof setTimeout> | undefined
let wait = AGAIN_MS.first
/** One after the other: what is known in the end was seen last. */
let last: Promise<void> = Promise.resolve()

function look(inDoubt = false): Promise<void> {
  last = last.then(() => lookNow(inDoubt))
  return last
}

/**
 * Browsers go by the network, which says nothing of the server; one on this machine needs none. One
 * that answers without a network may have done so over the last of it, so it is asked again.
 */
async function lookNow(inDoubt: boolean): Promise<void> {
  const believed = navigator.onLine && reachable.peek() && !inDoubt
  const isThere = believed || (await isReady())
  const isSure = isThere && navigator.onLine
  clearTimeout(again)
  if (!isSure) again = setTimeout(look, wait)
  wait = isSure ? AGAIN_MS.first : Math.min(AGAIN_MS.most, wait * 2)
  missing.value = isThere ? undefined : navigator.onLine ? 'server' : 'network'
}

function onNetwork(): void {
  wait = AGAIN_MS.first
  void look()
}
onNetwork()
window.addEventListener('online', onNetwork)
window.addEventListener('offline', onNetwork)

const isReady = (): Promise<boolean> =>
  fetch('/ready', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) }).then(
    ({ status }) => !isAway(status),
    () => false,
  )

/** Of its own, while it starts or stops, or of a proxy before it. */
export const isAway = (status: number) => [502, 503, 504].includes(status)

/** Something could not be sent: asks the server itself. Resolves when it is known whether it is there. */
export const doubt = () => look(true)

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
