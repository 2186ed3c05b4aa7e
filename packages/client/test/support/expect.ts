import { expect } from 'vitest'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { noFaults } from './faults.ts'
import { progressOf, type UploadRun } from './run-uploader.ts'
import type { TestFile, World } from './world.ts'

/** The process ended by itself, and had nothing to complain about. */
export function expectCleanEnd({ code, stderr }: UploadRun): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}

/** The upload succeeded, told its progress properly, and the server has the very bytes. */
export async function expectIdentical(world: World, file: TestFile, run: UploadRun): Promise<void> {
  expect(run.error).toBeUndefined()
  expectCleanEnd(run)
  expectMonotonic(run, file.size)
  expectPolite(world)
  world.proxy.reset(noFaults)
  world.link.options = {}
  expect(await fetchSha256(run.asset!.url)).toBe(file.sha256)
}

function expectMonotonic(run: UploadRun, total: number): void {
  const all = progressOf(run)
  for (const [i, { acknowledged, sent }] of all.entries()) {
    const before = all[i - 1] ?? { acknowledged: 0, sent: 0 }
    expect(sent).toBeGreaterThanOrEqual(before.sent)
    expect(acknowledged).toBeGreaterThanOrEqual(before.acknowledged)
    expect(acknowledged).toBeLessThanOrEqual(sent)
  }
  expect(all.at(-1)).toMatchObject({ phase: 'done', total, acknowledged: total, sent: total })
}

/** The limits of the API are kept, and reports do not overlap. */
function expectPolite({ proxy: { ledger } }: World): void {
  expect(ledger.mostReports).toBe(1)
  expect(ledger.largestReport).toBeLessThanOrEqual(50)
  expect(ledger.largestPresign).toBeLessThanOrEqual(50)
}
