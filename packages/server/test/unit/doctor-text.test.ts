import { describe, expect, it } from 'vitest'
import { clockFinding, type Finding } from '../../src/adapters/finding.ts'
import { lineOf, summaryOf } from '../../src/cli/doctor.ts'

const ok: Finding = { check: 'bucket', outcome: 'ok', found: 'films is there' }
const warning: Finding = {
  ...{ check: 'lifecycle rule', outcome: 'warning', found: 'there is none' },
  remedy: 'First this:\naws s3api put-bucket-lifecycle-configuration',
}
const failed: Finding = { check: 'store', outcome: 'failed', found: 'silence', remedy: 'curl' }
const skipped: Finding = { check: 'begin', outcome: 'skipped', found: 'not checked: silence' }

describe('what the doctor prints', () => {
  it('has a line for a check, and the steps of its remedy below it', () => {
    expect(lineOf(ok)).toBe('✓ bucket            films is there')
    expect(lineOf(warning)).toBe(
      '! lifecycle rule    there is none\n    First this:\n    aws s3api put-bucket-lifecycle-configuration',
    )
    expect(lineOf(failed)).toBe('✗ store             silence\n    curl')
    expect(lineOf(skipped)).toBe('- begin             not checked: silence')
  })

  it('cannot move the cursor, whatever a store or a database says', () => {
    expect(lineOf({ ...failed, found: 'a\u001b[2Jb\rc', remedy: '\u202ex' })).toBe(
      '✗ store             a?[2Jb?c\n    ?x',
    )
  })

  it.each([
    [[ok], 'All is well.'],
    [[ok, warning], 'All is well: 1 warning.'],
    [[ok, warning, warning], 'All is well: 2 warnings.'],
    [[failed, warning, skipped], 'Something is to be mended: 1 failed, 1 warning, 1 not checked.'],
  ])('sums it up (%#)', (findings, text) => {
    expect(summaryOf(findings)).toBe(text)
  })
})

describe('a clock', () => {
  it.each([
    [0, 'ok', 'it is the same time at db and here'],
    [30_000, 'ok', 'it is 30 s later at db than here'],
    [-30_001, 'warning', 'it is 30 s earlier at db than here'],
    [300_000, 'warning', 'it is 300 s later at db than here'],
    [300_001, 'failed', 'it is 300 s later at db than here'],
  ])('that is %d ms ahead is %s', (ahead, outcome, found) => {
    const finding = clockFinding('clock', ahead, 'db')
    expect(finding).toMatchObject({ check: 'clock', outcome, found })
    expect(finding.remedy?.startsWith('timedatectl') ?? false).toBe(outcome !== 'ok')
  })
})
