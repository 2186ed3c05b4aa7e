import { signal } from '@preact/signals'
import { parseRoute, type Route } from '../lib/route.ts'
import { takeKey } from './given-key.ts'

export const route = signal<Route>({ view: 'upload' })

/** From now on the view is what the address says. A link with a key may come at any time. */
export function followAddress(): void {
  const read = () => {
    takeKey()
    route.value = parseRoute(location.hash)
  }
  window.addEventListener('hashchange', read)
  read()
}

/** Without an entry in the history: for what is typed letter by letter. */
export function replaceRoute(link: string): void {
  history.replaceState(null, '', link)
  route.value = parseRoute(link)
}
