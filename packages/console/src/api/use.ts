import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { createThrottle } from '../lib/throttle.ts'
import type { LiveListener } from './live.ts'
import { type Session, session } from './session.ts'

/** Of whoever is signed in; views are shown to nobody else. */
export function useSession(): Session {
  const current = session.value
  const last = useRef(current)
  if (current) last.current = current
  return last.current!
}

export interface Loaded<T> {
  /** The latest that was loaded. */
  data: T | undefined
  /** Why the last try failed. */
  error: unknown
  /** Loads again; what is there stays until the answer has come. */
  reload(): void
  /** Puts in what is known without asking. */
  change(change: (data: T) => T): void
}

/** Loads at once, and anew when `key` changes; an answer that was overtaken counts for nothing. */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key })
  const latest = useRef({ turn: 0, load })
  latest.current.load = load
  const reload = useCallback(() => {
    const turn = ++latest.current.turn
    const isLatest = () => latest.current.turn === turn
    latest.current.load().then(
      (data) => isLatest() && setState({ key, data }),
      (error) => isLatest() && setState((old) => ({ ...(old.key === key ? old : {}), key, error })),
    )
  }, [key])
  useEffect(() => {
    reload()
    return () => {
      latest.current.turn += 1
    }
  }, [reload])
  const change = useCallback(
    (change: (data: T) => T) =>
      setState((old) => (old.data === undefined ? old : { ...old, data: change(old.data) })),
    [],
  )
  // What was loaded for another key is not shown for this one.
  const { data, error } = state.key === key ? state : {}
  return { data, error, reload, change }
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
