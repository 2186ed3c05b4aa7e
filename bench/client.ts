import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fetchSha256, writeRandomFile } from '../packages/server/test/support/program-files.ts'
import { benchFolder } from './support/cleanup.ts'
import { type Partway, startPartway } from './support/partway.ts'
import { startServer } from './support/process.ts'
import { median, type PartResult, progress, type Target } from './support/report.ts'
import { type ClientName, runUpload, type UploadFigures } from './support/uploads.ts'

const MiB = 2 ** 20
const SIZE = 2048 * MiB
const ROUNDS = 2
const ONE_WAY_MS = 25
const PEAK = 150 * MiB
const CLIENTS: readonly ClientName[] = ['ours', 'sdk']
const LINES = ['loopback', '50 ms'] as const
type Line = (typeof LINES)[number]

/** Two gibibytes with our client and with the official one. */
export async function client(): Promise<PartResult> {
  await using folder = await benchFolder()
  const file = join(folder.path, 'film.mp4')
  const sha256 = await writeRandomFile(file, SIZE)
  await using partway = await startPartway(join(folder.path, 'data'), {
    PARTWAY_GRACE_PERIOD: '0s',
    PARTWAY_SWEEP_INTERVAL: '100ms',
  })
  const script = join(import.meta.dirname, 'support/link.ts')
  await using link = await startServer([script, partway.url, `${ONE_WAY_MS}`])
  const addresses: Record<Line, string> = { loopback: partway.url, '50 ms': link.url }
  const runs = new Map<string, UploadFigures[]>()

  async function run(client: ClientName, line: Line, check: boolean): Promise<UploadFigures> {
    const order = { client, server: addresses[line], apiKey: partway.apiKey, file }
    const outcome = await runUpload(order, folder.path)
    if ('failed' in outcome) throw new Error(`${client} over ${line}: ${outcome.failed}`)
    const url = outcome.url.replace(link.url, partway.url)
    if (check && (await fetchSha256(url)) !== sha256) throw new Error(`${client}: other bytes`)
    await partway.processed(outcome.assetId)
    await remove(partway, outcome.assetId)
    return outcome
  }

  const clients = [...CLIENTS]
  for (let round = 1; round <= ROUNDS; round += 1) {
    // Nobody always comes first.
    clients.push(clients.shift()!)
    for (const line of LINES) {
      for (const client of clients) {
        progress(`client: round ${round} of ${ROUNDS}, ${client}, ${line}`)
        const key = `${client} ${line}`
        runs.set(key, [...(runs.get(key) ?? []), await run(client, line, round === 1)])
      }
    }
  }

  const all = (client: ClientName, line: Line, of: (figures: UploadFigures) => number) =>
    runs.get(`${client} ${line}`)!.map(of)
  /** The median over the rounds of our time divided by the official client's in the same round. */
  const ratio = (line: Line) => {
    const theirs = all('sdk', line, ({ seconds }) => seconds)
    return median(all('ours', line, ({ seconds }) => seconds).map((time, i) => time / theirs[i]!))
  }
  const toFiles = ({ written }: UploadFigures) => Math.max(0, written - SIZE)
  const peak = Math.max(...LINES.flatMap((line) => all('ours', line, (figures) => figures.peak)))
  const files = Math.max(...LINES.flatMap((line) => all('ours', line, toFiles)))
  return {
    title: 'client: 2 GiB',
    method: `One file of 2 GiB to one server, ${ROUNDS} alternating rounds, each client in a process of its own; medians. 50 ms: through a line that delays bytes by ${ONE_WAY_MS} ms each way, with 4 MiB under way on a connection at most. "To files": what the process wrote in all less the 2 GiB, so with its requests and their heads.`,
    header: ['client', 'line', 'seconds', 'peak memory', 'to files'],
    rows: LINES.flatMap((line) =>
      CLIENTS.map((client) => [
        client === 'ours' ? '@partway/client' : 'twelvelabs-js 1.3.4',
        line,
        median(all(client, line, ({ seconds }) => seconds)).toFixed(2),
        mebibytes(median(all(client, line, (figures) => figures.peak))),
        mebibytes(median(all(client, line, toFiles))),
      ]),
    ),
    targets: [
      atMost("of the official client's time over 50 ms", 0.5, ratio('50 ms')),
      atMost("of the official client's time on loopback", 1, ratio('loopback')),
      {
        what: 'peak memory, the most of all rounds',
        ...{ target: '< 150 MiB', measured: mebibytes(peak), met: peak < PEAK },
      },
      {
        what: 'written to files',
        ...{ target: '< 1 MiB', measured: mebibytes(files), met: files < MiB },
      },
    ],
  }
}

/** Removes an asset, and waits until its bytes are gone. */
async function remove({ url, apiKey, layout }: Partway, assetId: string): Promise<void> {
  const headers = { 'x-api-key': apiKey }
  await fetch(`${url}/v1.3/assets/${assetId}`, { method: 'DELETE', headers })
  while ((await readdir(layout.objects)).length > 0) await setTimeout(50)
}

const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`

function atMost(what: string, target: number, measured: number): Target {
  const met = measured <= target
  return { what, target: `<= ${target}x`, measured: `${measured.toFixed(2)}x`, met }
}
