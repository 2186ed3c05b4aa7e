import { useEffect, useRef } from 'preact/hooks'

/** So much of its life a URL is shown, while somebody looks; the rest is for whoever follows it. */
const SHOWN_PART = 0.9
/** Between two looks at the clock, which goes on while timers of a machine that sleeps do not. */
const LOOK_MS = 60_000
/** Until what could not be renewed is tried again, or where the clocks do not agree. */
const AGAIN_MS = 30_000

/** Calls `renew` before a signed URL of our server expires, so that what is shown of it works. */
export function useRenewal(url: string | undefined, renew: () => void): void {
  const latest = useRef(renew)
  latest.current = renew
  useEffect(() => {
    if (!url) return
    const left = Number(new URL(url).searchParams.get('expires')) * 1000 - Date.now()
    const due = Date.now() + (left > 0 ? left * SHOWN_PART : AGAIN_MS)
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(timer)
      if (document.visibilityState !== 'visible') return
      const wait = due - Date.now()
      if (wait <= 0) latest.current()
      timer = setTimeout(look, wait <= 0 ? AGAIN_MS : Math.min(wait, LOOK_MS))
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [url])
}
