import type { Client } from '@partway/client'
import { confirm } from '../ui/confirm.tsx'
import { toast } from '../ui/toasts.tsx'

/** Asks first: what has arrived is lost. */
export function askToAbort(
  client: Client,
  { upload_id: id, filename }: { upload_id: string; filename: string },
  onAborted: () => void,
): void {
  confirm({
    title: `Abort ${filename}?`,
    text: 'The upload is ended for whoever sends it, and what has arrived is removed.',
    action: 'Abort the upload',
    async run() {
      await client.uploads.abort(id)
      toast(`${filename} was aborted.`)
      onAborted()
    },
  })
}
