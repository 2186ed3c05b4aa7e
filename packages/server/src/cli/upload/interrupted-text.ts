import { quoted } from '../text.ts'
import type { FileRun } from './file-run.ts'

/** What a person is told after Ctrl-C: how to go on. */
export function interruptedText(
  { paused }: Pick<FileRun['tally'], 'paused'>,
  remembered: boolean,
): string {
  if (paused.length === 0) {
    return remembered
      ? 'Stopped waiting. The files are uploaded; run the same command to wait again.'
      : 'Stopped waiting. The files are uploaded; `partway assets list` tells what became of them.'
  }
  if (remembered) return 'Paused. Run the same command again to go on.'
  // The same command would send everything again.
  const commands = paused.flatMap(({ path, uploadId }) =>
    uploadId === undefined ? [] : [`  partway uploads resume ${uploadId} ${quoted(path)}`],
  )
  if (commands.length === 0) return 'Stopped. Nothing of the rest was sent.'
  const rest = paused.length - commands.length
  return [
    'Paused. To go on:',
    ...commands,
    ...(rest === 0 ? [] : [`Files not begun: ${rest}.`]),
  ].join('\n')
}
