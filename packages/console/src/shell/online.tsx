import { signal } from '@preact/signals'
import { Icon } from '../ui/icon.tsx'

/** Whether this machine has a network, as far as the browser knows. */
export const online = signal(navigator.onLine)

window.addEventListener('online', () => {
  online.value = true
})
window.addEventListener('offline', () => {
  online.value = false
})

export const OfflineNote = () => (
  <div role="status">
    {online.value ? null : (
      <p class="offline">
        <Icon name="alert" />
        No network. What is being sent waits, and goes on by itself.
      </p>
    )}
  </div>
)
