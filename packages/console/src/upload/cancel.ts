import type { Client } from '@partway/client'
import { confirm } from '../ui/confirm.tsx'
import { endUpload, refuseElsewhere } from './end.ts'
import { hide, rowOf, type Sending, underWay } from './track.ts'
import { withEngine } from './uploader.ts'

/** Takes a file out; where something was begun on the server, that is ended once it is confirmed. */
export function askToCancel(client: Client, row: Sending): void {
  const { file, uploadId } = row
  if (!uploadId) return void cancel(client, row)
  confirm({
    title: `Cancel ${file.name}?`,
    text: 'The upload is ended on the server, and what has arrived is removed.',
    action: 'Cancel the upload',
    run: () => cancel(client, row),
  })
}

export function askToCancelAll(client: Client): void {
  // Those that wait first, or each that is ended would let one of them begin.
  const rank = ({ waiting }: Sending) => (waiting ? 0 : 1)
  let left: Sending[] | undefined
  confirm({
    title: 'Cancel all files?',
    text: 'What is stored stays. All others are ended on the server, and what has arrived of them is removed.',
    action: 'Cancel all',
    // Tried again, it goes on with what could not be ended.
    async run() {
      left ??= underWay.peek().toSorted((a, b) => rank(a) - rank(b))
      for (; left[0]; left.shift()) await cancel(client, left[0])
    },
  })
}

async function cancel(client: Client, { id, file, ...before }: Sending): Promise<void> {
  const row = rowOf(file)
  if (row?.assetId) return
  const uploadId = row?.uploadId ?? before.uploadId
  // Before it is taken out of Uppy, which ends it as well.
  if (uploadId) await refuseElsewhere(file)
  await withEngine((engine) => engine.remove(file))
  hide(id)
  // The client ends what it was sending, and tells nobody when that fails: so it is asked for here.
  if (uploadId) await endUpload(client, uploadId, file)
}
