import type { UploadOptions } from '@partway/client/node'
import { EXIT } from '../exit.ts'
import { addressOf, clientFor } from '../server.ts'
import { createView } from './create-view.ts'
import { failedEvent } from './failure.ts'
import { createFileRun, type FileRun } from './file-run.ts'
import type { Found, LocalFile } from './find.ts'
import { type Finished, noneFinished, openFinished } from './finished.ts'
import { onInterrupt } from './interrupt.ts'
import { interruptedText } from './interrupted-text.ts'
import { openMemory } from './memory.ts'
import type { SendOptions } from './options.ts'
import { type Share, sharesOf } from './shares.ts'
import { createSlots } from './slots.ts'
import type { View } from './view.ts'

export interface Run {
  options: SendOptions
  /** What the client is told for every file. */
  upload: UploadOptions
  /** Go on where an earlier run stopped, and be gone on with. */
  resume: boolean
  /** What makes it the same command the next time, besides server and key. */
  command: unknown
  /** Compare every file with its asset when it is there. */
  compare?: boolean
}

/** Assets are made one after the other, so asking for all of them at once would bring nothing. */
const WAITS_AT_ONCE = 4

/** Uploads what was found, as far as it goes; resolves to the exit code. */
export async function runUploads(found: Found, run: Run): Promise<number> {
  const { options } = run
  const address = addressOf(options)
  const view = createView(options.json === true)
  const memory = run.resume ? await openMemory() : undefined
  const folders = memory && 'uploads' in memory ? memory : undefined
  if (memory && !folders)
    view.note(`Nothing is remembered of this run: ${(memory as { reason: string }).reason}.`)
  const client = clientFor(options, folders?.uploads)
  for (const { path, reason } of found.skipped) {
    view.show({ event: 'skipped', file: path, reason })
  }
  for (const { path, error } of found.failed) view.show(failedEvent(path, error))
  if (found.files.length === 0) {
    if (found.failed.length === 0) throw new Error('there is nothing to upload.')
    return EXIT.failed
  }
  // A server that is down or a key that is wrong is told once, and soon.
  await client.uploads.list({ page_limit: 1 })

  const finished = folders
    ? await openFinished(folders.commands, { ...address, command: run.command })
    : noneFinished
  using interruption = onInterrupt(() => view.close())
  const { signal } = interruption
  const shares = sharesOf(options, found.files.filter((file) => !finished.find(file)).length)
  const { limitRate } = options
  const upload = { ...run.upload, ...(limitRate === undefined ? {} : { limitRate }) }
  const file = createFileRun({ ...run, client, upload, finished, view, signal })
  try {
    await runAll(found.files, file, shares, options.wait === true)
  } finally {
    view.close()
  }
  return conclude(found, file, { finished, view, signal })
}

async function runAll(files: LocalFile[], run: FileRun, shares: Share[], wait: boolean) {
  const sending = createSlots(shares.length)
  const waiting = createSlots(WAITS_AT_ONCE)
  const one = async (file: LocalFile) => {
    const uploaded = await sending((slot) => run.send(file, shares[slot]!))
    if (uploaded && wait) await waiting(() => run.wait(file, uploaded))
  }
  await Promise.all(files.map(one))
}

interface Conclusion {
  finished: Finished
  view: View
  signal: AbortSignal
}

async function conclude(
  found: Found,
  { tally }: FileRun,
  { finished, view, signal }: Conclusion,
): Promise<number> {
  const failed = tally.failed + found.failed.length
  if (found.files.length + found.failed.length > 1) {
    const parts = [
      `${tally.uploaded} of ${found.files.length + found.failed.length} files uploaded`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(found.skipped.length > 0 ? [`${found.skipped.length} skipped`] : []),
    ]
    view.say(`${parts.join(', ')}.`)
  }
  if (tally.paused.length + tally.unmade === 0) {
    if (failed === 0) await finished.forget()
    return failed === 0 ? 0 : EXIT.failed
  }
  view.note(interruptedText(tally, finished !== noneFinished))
  return signal.aborted ? EXIT.interrupted : EXIT.failed
}
