import { partwayContestant } from './contestants.ts'
import { benchFolder } from './support/cleanup.ts'
import { startSender } from './support/load.ts'
import { median, type PartResult, progress } from './support/report.ts'

const MiB = 2 ** 20
const SIZE = 64 * MiB
const BODIES = 64
const ROUNDS = 5
const TARGET = 200 * MiB

/** How much memory 64 bodies in flight take; a fresh server for every round. */
export async function memory(): Promise<PartResult> {
  const peaks: number[] = []
  const idle: number[] = []
  await using sender = startSender()
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`memory: round ${round} of ${ROUNDS}`)
    await using folder = await benchFolder()
    await using partway = await partwayContestant(folder.path)
    const requests = await partway.prepare(BODIES, SIZE)
    idle.push(partway.server.peakMemory())
    const { answers } = await sender.send(partway.server.url, requests, {
      streams: BODIES,
      inFlight: true,
    })
    if (!answers.every((answer) => partway.took(answer, SIZE))) throw new Error('a chunk is wrong')
    peaks.push(partway.server.peakMemory())
  }
  const peak = median(peaks)
  const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(0)} MiB`
  return {
    title: 'memory: 64 PUTs of 64 MiB in flight',
    method: `Peak resident memory of the server's process (VmHWM), ${ROUNDS} fresh servers. The second half of every body is sent only when the first halves of all 64 are out.`,
    header: ['', ...peaks.map((_, i) => `round ${i + 1}`), 'median'],
    rows: [
      ['before the first PUT', ...idle.map(mebibytes), mebibytes(median(idle))],
      ['after the last', ...peaks.map(mebibytes), mebibytes(peak)],
    ],
    targets: [{ what: 'peak', target: '< 200 MiB', measured: mebibytes(peak), met: peak < TARGET }],
  }
}
