import type { View } from './view.ts'

/** Between two progress events of a file, in milliseconds. */
const PAUSE_MS = 1000

/** One object per line. */
export function jsonView(): View {
  const told = new Map<string, number>()

  function tooSoon(file: string): boolean {
    const now = performance.now()
    if (now - (told.get(file) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return true
    told.set(file, now)
    return false
  }

  return {
    show(event) {
      if (event.event === 'progress' && tooSoon(event.file)) return
      console.log(JSON.stringify(event))
    },
    note: (text) => console.error(text),
    say: () => {},
    close: () => {},
  }
}
