import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { createThrottle } from '../lib/throttle.ts'
import type { LiveListener } from './live.ts'
import { createLoader, type Loader } from './loader.ts'
import { type Session, session } from './session.ts'

/** Of whoever is signed in; views are shown to nobody else. */
export function useSession(): Session {
  const current = session.value
  const last = useRef(current)
  if (current) last.current = current
  return last.current!
}

export interface Loaded<T> extends Omit<Loader<T>, 'state' | 'stop'> {
  data: T | undefined
  error: unknown
}

/** Loads at once, and anew when `key` changes; what was loaded for another key is not shown. */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const latest = useRef(load)
  latest.current = load
  const loader = useMemo(() => createLoader(() => latest.current()), [key])
  useEffect(() => {
    loader.reload()
    return loader.stop
  }, [loader])
  const { data, error } = loader.state.value
  return { data, error, reload: loader.reload, change: loader.change }
}

/** Hears what changes on the server while the component is there. */
export function useLive(listener: LiveListener): void {
  const { live } = useSession()
  const latest = useRef(listener)
  latest.current = listener
  useEffect(
    () =>
      live.listen({
        upload: (item) => latest.current.upload?.(item),
        asset: (item) => latest.current.asset?.(item),
        assetDeleted: (id) => latest.current.assetDeleted?.(id),
        stale: () => latest.current.stale?.(),
      }),
    [live],
  )
}

/** Calls at once and then at most so often, the last time always. */
export function useThrottled(run: () => void, pauseMs: number): () => void {
  const latest = useRef(run)
  latest.current = run
  const [throttle] = useState(() => createThrottle(() => latest.current(), pauseMs))
  useEffect(() => throttle.stop, [throttle])
  return throttle.call
}

/** The time, in epoch milliseconds, renewed every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
