import { signal } from '@preact/signals'
import { keyInFragment } from '../lib/key.ts'

/** The key of a link that is being tried; `undefined` when there is none. */
export const givenKey = signal<string | undefined>(undefined)

/**
 * Takes the key out of the address, where it would be shown, kept in the history, and shared.
 * Whether there was one.
 */
export function takeKey(): boolean {
  const key = keyInFragment(location.hash)
  if (key === undefined) return false
  history.replaceState(null, '', location.pathname)
  givenKey.value = key
  return true
}
