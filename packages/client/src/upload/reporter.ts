import { MAX_BATCH, type ReportRequest } from '@partway/protocol'
import type { UploadsApi } from '../api.ts'
import { UploadError } from '../error.ts'

type Report = ReportRequest['completed_chunks'][number]

export interface Reporter {
  add(report: Report): void
  /** From now on nothing waits for company: there is little more to come. */
  hurry(): void
}

export interface ReporterEvents {
  reported(indexes: number[], url: string | undefined): void
  /** The server does not have the chunk as we say. */
  refused(index: number, error: UploadError): void
  failed(error: unknown): void
}

/** How long a report waits for company. */
const GATHER_MS = 2000

/**
 * Reports in the background, one call at a time, as soon as fifty chunks have gathered or two
 * seconds have passed. A batch that is refused is reported chunk by chunk: reports are all or
 * nothing, and one bad chunk must not hold up the others.
 */
export function createReporter(
  api: UploadsApi,
  uploadId: string,
  events: ReporterEvents,
  signal: AbortSignal,
): Reporter {
  const waiting: Report[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let hurried = false
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (running || waiting.length === 0 || signal.aborted) return
    running = true
    const batch = waiting.splice(0, MAX_BATCH)
    send(batch)
      .catch((error) => events.failed(error))
      .finally(() => {
        running = false
        if (waiting.length > 0) schedule()
      })
  }

  function schedule(): void {
    if (signal.aborted) return
    if (hurried || waiting.length >= MAX_BATCH) flush()
    else timer ??= setTimeout(flush, GATHER_MS)
  }

  async function send(batch: Report[]): Promise<void> {
    try {
      const { url } = await api.report(uploadId, { completed_chunks: batch }, signal)
      events.reported(
        batch.map(({ chunk_index }) => chunk_index),
        url,
      )
    } catch (error) {
      if (!(error instanceof UploadError) || error.status !== 400) throw error
      const [only] = batch
      if (batch.length === 1) return events.refused(only!.chunk_index, error)
      for (const report of batch) await send([report])
    }
  }

  return {
    add(report) {
      waiting.push(report)
      schedule()
    },
    hurry() {
      hurried = true
      flush()
    },
  }
}
