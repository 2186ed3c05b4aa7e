import type { Asked } from './faults.ts'

/** What became of one chunk of one upload. */
export interface ChunkCounts {
  /** PUTs whose head arrived at the proxy. */
  begun: number
  /** PUTs whose 200 was handed in full to the client's socket, whether the client lived to read it or not. */
  acknowledged: number
  /** PUTs begun when one had been acknowledged before. */
  needless: number
}

/** What went through a proxy. */
export interface Ledger {
  /** By path: `/chunks/<upload>/<index>`. */
  chunks: Map<string, ChunkCounts>
  /** Chunk PUTs that were open at once: from their head to the end of their answer, or of the connection. */
  mostOpen: number
  /** Reports that were open at once. */
  mostReports: number
  /** Chunks in one report. */
  largestReport: number
  /** URLs asked for at once. */
  largestPresign: number
  /** Requests that met a fault. */
  faults: number
  /** Requests by what they were about. */
  calls: Map<Asked['call'], number>
}

export function createLedger() {
  const ledger: Ledger = {
    chunks: new Map(),
    ...{ mostOpen: 0, mostReports: 0, largestReport: 0, largestPresign: 0, faults: 0 },
    calls: new Map(),
  }
  let open = 0
  let reports = 0

  function chunk(path: string): ChunkCounts {
    const found = ledger.chunks.get(path) ?? { begun: 0, acknowledged: 0, needless: 0 }
    ledger.chunks.set(path, found)
    return found
  }

  return {
    ledger,
    /** A request has begun; returns what to call when it is over. */
    begin({ call, path }: Asked): () => void {
      ledger.calls.set(call, (ledger.calls.get(call) ?? 0) + 1)
      if (call === 'chunk') {
        const counts = chunk(path)
        counts.begun += 1
        if (counts.acknowledged > 0) counts.needless += 1
        ledger.mostOpen = Math.max(ledger.mostOpen, ++open)
        return () => open--
      }
      if (call === 'report') {
        ledger.mostReports = Math.max(ledger.mostReports, ++reports)
        return () => reports--
      }
      return () => {}
    },
    body({ call }: Asked, body: Buffer): void {
      if (call !== 'report' && call !== 'presign') return
      const { completed_chunks: chunks = [], count = 0 } = JSON.parse(body.toString())
      ledger.largestReport = Math.max(ledger.largestReport, chunks.length)
      ledger.largestPresign = Math.max(ledger.largestPresign, count)
    },
    acknowledged: ({ path }: Asked) => {
      chunk(path).acknowledged += 1
    },
    fault: () => {
      ledger.faults += 1
    },
  }
}
