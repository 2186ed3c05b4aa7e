import type { Client } from '@partway/client'
import type { Asset } from '@partway/protocol'
import { confirm } from '../ui/confirm.tsx'
import { toast } from '../ui/toasts.tsx'
import { deleteUnlessSent } from '../upload/end.ts'
import { isArriving } from './kind.ts'

/** Asks first: the upload of what is still arriving is ended with it. */
export function askToDelete(client: Client, asset: Asset, onDeleted: () => void): void {
  const { _id, filename } = asset
  confirm({
    title: `Delete ${filename}?`,
    text: isArriving(asset)
      ? 'It is still arriving: its upload is ended as well, for whoever sends it. This cannot be undone.'
      : 'The asset and everything made of it are removed. This cannot be undone.',
    action: 'Delete',
    async run() {
      await deleteUnlessSent(client, _id)
      toast(`${filename} was deleted.`)
      onDeleted()
    },
  })
}
