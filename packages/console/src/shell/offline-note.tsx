import { missing } from '../api/reachable.ts'
import { Icon } from '../ui/icon.tsx'

export const OfflineNote = () => (
  <div role="status">
    {missing.value ? (
      <p class="offline">
        <Icon name="alert" />
        {missing.value === 'network' ? 'No network.' : 'The server does not answer.'} What is being
        sent waits, and goes on by itself.
      </p>
    ) : null}
  </div>
)
