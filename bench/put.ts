import { join } from 'node:path'
import { bareContestant, type Contestant, partwayContestant, tusContestant } from './contestants.ts'
import { benchFolder } from './support/cleanup.ts'
import { type Sender, startSender } from './support/load.ts'
import { median, type PartResult, progress } from './support/report.ts'

const MiB = 2 ** 20
const SIZE = 64 * MiB
const BODIES = 8
const STREAMS = [1, 4, 8]
const ROUNDS = 5

interface Figures {
  mbPerSecond: number
  mbPerCpuSecond: number
}

/** Chunk PUTs against the tus server and against a server that does next to nothing. */
export async function put(): Promise<PartResult> {
  await using folder = await benchFolder()
  await using sender = startSender()
  await using partway = await partwayContestant(join(folder.path, 'partway'))
  await using tus = await tusContestant(join(folder.path, 'tus'))
  await using bare = await bareContestant(join(folder.path, 'bare'))
  const contestants = [partway, tus, bare]

  progress('put: warming up')
  for (const contestant of contestants) await run(sender, contestant, 4)
  const runs = new Map<string, Figures[]>()
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const streams of STREAMS) {
      progress(`put: round ${round} of ${ROUNDS}, ${streams} streams`)
      // Nobody always comes first.
      contestants.push(contestants.shift()!)
      for (const contestant of contestants) {
        const key = `${contestant.name} ${streams}`
        runs.set(key, [...(runs.get(key) ?? []), await run(sender, contestant, streams)])
      }
    }
  }

  const figures = ({ name }: Contestant, streams: number) => runs.get(`${name} ${streams}`)!
  /** The median over the rounds of Partway's figure divided by the other's in the same round. */
  const ratio = (other: Contestant, streams: number, of: (figures: Figures) => number) =>
    median(figures(partway, streams).map((f, i) => of(f) / of(figures(other, streams)[i]!)))
  const rows = STREAMS.flatMap((streams) =>
    [partway, tus, bare].map((contestant) => [
      contestant.name,
      `${streams}`,
      median(figures(contestant, streams).map((f) => f.mbPerSecond)).toFixed(0),
      median(figures(contestant, streams).map((f) => f.mbPerCpuSecond)).toFixed(0),
      `${ratio(contestant, streams, (f) => f.mbPerSecond).toFixed(2)}x`,
      `${ratio(contestant, streams, (f) => f.mbPerCpuSecond).toFixed(2)}x`,
    ]),
  )
  return {
    title: 'put: taking chunks in',
    method: `${BODIES} bodies of 64 MiB a run, ${ROUNDS} alternating rounds; medians, and medians of the ratios within a round ("Partway is …"). MB are 10^6 bytes. CPU-seconds are the server's, in user space and kernel, with the creation of the upload. Partway: SHA-256 and fsync (which costs nothing on tmpfs). @tus/server with @tus/file-store: neither. Bare node:http: SHA-256, no fsync.`,
    header: ['server', 'streams', 'MB/s', 'MB/CPU-s', 'Partway MB/s', 'Partway MB/CPU-s'],
    rows,
    targets: [
      ...STREAMS.map((streams) =>
        atLeast(
          `bytes per CPU-second of @tus/server, ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
          1.7,
          ratio(tus, streams, (f) => f.mbPerCpuSecond),
        ),
      ),
      atLeast(
        'MB/s of the bare server, 4 streams',
        0.9,
        ratio(bare, 4, (f) => f.mbPerSecond),
      ),
    ],
  }
}

function atLeast(what: string, target: number, measured: number) {
  const met = measured >= target
  return { what, target: `>= ${target}x`, measured: `${measured.toFixed(2)}x`, met }
}

async function run(sender: Sender, contestant: Contestant, streams: number): Promise<Figures> {
  const { server, name } = contestant
  const before = server.cpuSeconds()
  const requests = await contestant.prepare(BODIES, SIZE)
  const { seconds, answers } = await sender.send(server.url, requests, { streams })
  const cpuSeconds = server.cpuSeconds() - before
  for (const answer of answers) {
    if (!contestant.took(answer, SIZE)) throw new Error(`${name} answered ${answer.head}`)
  }
  await contestant.clear()
  const megabytes = (BODIES * SIZE) / 1e6
  return { mbPerSecond: megabytes / seconds, mbPerCpuSecond: megabytes / cpuSeconds }
}
