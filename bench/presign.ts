import { benchFolder } from './support/cleanup.ts'
import { json, startSender } from './support/load.ts'
import { startPartway } from './support/partway.ts'
import { median, type PartResult, progress } from './support/report.ts'

const GiB = 2 ** 30
const COUNT = 50
const CALLS = 2000
const CONNECTIONS = 8
const ROUNDS = 5
const TARGET = 50_000

/** How fast URLs come out of the endpoint that clients ask for them. */
export async function presign(): Promise<PartResult> {
  await using folder = await benchFolder()
  await using sender = startSender()
  await using partway = await startPartway(folder.path)
  const { upload_id: id, total_chunks: chunks } = await partway.create(10 * GiB)
  // Ranges across the whole upload, one after another.
  const requests = Array.from({ length: Math.floor(chunks / COUNT) }, (_, i) =>
    json(
      'POST',
      `${partway.uploadUrl(id)}/presigned-urls`,
      { start: i * COUNT + 1, count: COUNT },
      { 'x-api-key': partway.apiKey },
    ),
  )
  const repeat = Math.ceil(CALLS / requests.length)
  const urls = requests.length * repeat * COUNT

  const run = async () => {
    const before = partway.cpuSeconds()
    const { seconds } = await sender.send(partway.url, requests, { repeat, streams: CONNECTIONS })
    return { perSecond: urls / seconds, perCpuSecond: urls / (partway.cpuSeconds() - before) }
  }
  progress('presign: warming up')
  await run()
  const runs: Awaited<ReturnType<typeof run>>[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    progress(`presign: round ${round} of ${ROUNDS}`)
    runs.push(await run())
  }

  const row = (name: string, values: number[]) => [
    name,
    ...[median(values), Math.min(...values), Math.max(...values)].map((v) => thousands(v)),
  ]
  const perCpuSecond = runs.map((figures) => figures.perCpuSecond)
  return {
    title: 'presign: more URLs',
    method: `POST …/presigned-urls with count ${COUNT} and a stored key over ${CONNECTIONS} connections, ${thousands(urls)} URLs a run, ${ROUNDS} rounds after one to warm up. A CPU-second is one core's.`,
    header: ['URLs', 'median', 'slowest', 'fastest'],
    rows: [
      row(
        'per second',
        runs.map(({ perSecond }) => perSecond),
      ),
      row('per CPU-second of the server', perCpuSecond),
    ],
    targets: [
      {
        what: 'URLs per second on one core',
        target: `>= ${thousands(TARGET)}`,
        measured: thousands(median(perCpuSecond)),
        met: median(perCpuSecond) >= TARGET,
      },
    ],
  }
}

const thousands = (value: number) => Math.round(value).toLocaleString('en')
