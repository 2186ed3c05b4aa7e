import { join } from 'node:path'
import type { LinkOptions } from '../packages/client/test/support/delay-line.ts'
import { FAULTS, LINES } from '../packages/client/test/support/fault-list.ts'
import { startFaultProxy } from '../packages/client/test/support/fault-proxy.ts'
import { noFaults, type Plan } from '../packages/client/test/support/faults.ts'
import { startLink } from '../packages/client/test/support/link.ts'
import { fetchSha256, writeRandomFile } from '../packages/server/test/support/program-files.ts'
import { benchFolder } from './support/cleanup.ts'
import { type Partway, startPartway } from './support/partway.ts'
import { type PartResult, progress } from './support/report.ts'
import { type ClientName, runUpload } from './support/uploads.ts'

const MiB = 2 ** 20
/** Twelve chunks: the official client sends ten at once, and then the rest. */
const SIZE = 56 * MiB
/** So long without an end is hanging. */
const LIMIT_MS = 60_000
/** Uploads at once; most of them wait most of the time. */
const AT_ONCE = 4

interface Row {
  name: string
  plan: Plan
  line: LinkOptions
}

const ROWS: Row[] = [
  { name: 'nothing goes wrong', plan: noFaults, line: {} },
  ...Object.entries(FAULTS).map(([name, plan]) => ({ name, plan, line: {} })),
  ...Object.entries(LINES).map(([name, line]) => ({ name, plan: noFaults, line })),
]

/** What becomes of a file with our client and with the official one when things go wrong. */
export async function clientFaults(): Promise<PartResult> {
  await using folder = await benchFolder()
  const path = join(folder.path, 'film.mp4')
  const file = { path, sha256: await writeRandomFile(path, SIZE), folder: folder.path }
  await using partway = await startPartway(join(folder.path, 'data'))
  const waiting = ROWS.flatMap((row) =>
    (['ours', 'sdk'] as const).map((client) => ({ row, client })),
  )
  const outcomes = new Map<string, string>()
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { row, client } = next
      progress(`client: ${row.name}, ${client}`)
      outcomes.set(`${row.name} ${client}`, await outcomeOf(partway, file, row, client))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const of = (name: string, client: ClientName) => outcomes.get(`${name} ${client}`)!
  return {
    title: 'client: when things go wrong',
    method: `A file of 56 MiB in 12 chunks through the fault proxy, each client in a process of its own, ${AT_ONCE} uploads at a time; the seconds are for orientation. "hangs": not over after ${LIMIT_MS / 1000} s. "other bytes": it says that it succeeded, and the content is not the file.`,
    header: ['', 'ours', 'twelvelabs-js 1.3.4'],
    rows: ROWS.map(({ name }) => [name, of(name, 'ours'), of(name, 'sdk')]),
    targets: [],
  }
}

async function outcomeOf(
  partway: Partway,
  file: { path: string; sha256: string; folder: string },
  { plan, line }: Row,
  client: ClientName,
): Promise<string> {
  await using proxy = await startFaultProxy()
  proxy.target = partway.url
  proxy.reset(plan)
  await using link = await startLink(proxy.url, line)
  const { apiKey } = partway
  const order = { client, server: link.url, apiKey, file: file.path }
  const outcome = await runUpload(order, file.folder, LIMIT_MS)
  if ('failed' in outcome)
    return outcome.failed === 'hangs' ? 'hangs' : `fails: ${short(outcome.failed)}`
  if (outcome.url === '') return 'says it succeeded, without a URL'
  // Past the line, which may be slow.
  const url = outcome.url.replace(link.url, partway.url)
  const identical = (await fetchSha256(url)) === file.sha256
  return identical ? `identical, ${outcome.seconds.toFixed(1)} s` : '**other bytes**'
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text)
