import { type Finding, PATIENCE_MS, within } from '../finding.ts'
import type { Place } from './probe-commands.ts'
import { type Asked, remedyOf, said } from './probe-errors.ts'

export type Steps = ReturnType<typeof createSteps>

/** Findings of a bucket, one step after the other. */
export function createSteps(place: Place) {
  const findings: Finding[] = []

  /** What `work` gives, or `undefined` when it failed; both become a finding. */
  async function step<T extends NonNullable<unknown>>(
    check: string,
    asked: Asked,
    work: (signal: AbortSignal) => Promise<T>,
    show: (result: T) => string,
    ms = PATIENCE_MS,
  ): Promise<T | undefined> {
    try {
      const result = await within(work, ms)
      findings.push({ check, outcome: 'ok', found: show(result) })
      return result
    } catch (error) {
      failed(check, error, asked)
      return undefined
    }
  }

  function failed(check: string, error: unknown, asked: Asked): void {
    const remedy = remedyOf(error, asked, place)
    findings.push({ check, outcome: 'failed', found: `${asked.action}: ${said(error)}`, remedy })
  }

  function skip(why: string, ...checks: string[]): void {
    for (const check of checks) {
      findings.push({ check, outcome: 'skipped', found: `not checked: ${why}` })
    }
  }

  return { place, findings, step, failed, skip, add: (finding: Finding) => findings.push(finding) }
}
