import { totalmem } from 'node:os'
import type { Finding } from '../../adapters/finding.ts'
import type { Config } from '../config.ts'

/** The entry of the program refuses what is too old. */
export const nodeFinding = (): Finding => ({
  ...{ check: 'Node', outcome: 'ok' },
  found: `${process.version} on ${process.platform}, ${process.arch}`,
})

/** For information: tools seldom use all they may. */
export function memoryFinding({ processes, processingMemory }: Config): Finding {
  // Of the container, where there is one; absurdly large where there is no limit.
  const memory = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())
  const most = processes * processingMemory
  return {
    ...{ check: 'memory', outcome: 'ok' },
    found: `media tools may use ${gibibytes(most)} (${processes} × ${gibibytes(processingMemory)}) of ${gibibytes(memory)}`,
  }
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
