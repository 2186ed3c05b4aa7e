import { reachable } from '../api/reachable.ts'
import { Icon } from '../ui/icon.tsx'

export const OfflineNote = () => (
  <div role="status">
    {reachable.value ? null : (
      <p class="offline">
        <Icon name="alert" />
        No network. What is being sent waits, and goes on by itself.
      </p>
    )}
  </div>
)
