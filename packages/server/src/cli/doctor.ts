import { Command } from 'commander'
import type { Finding } from '../adapters/finding.ts'
import { withExamples } from './common.ts'
import { EXIT } from './exit.ts'
import { printable } from './text.ts'

interface Options {
  data?: string
  json?: boolean
}

export function doctorCommand(): Command {
  return withExamples(
    new Command('doctor'),
    'partway doctor',
    'partway doctor --data /var/lib/partway',
    'PARTWAY_STORE_URL=s3://my-films/partway?region=eu-central-1 partway doctor --json',
  )
    .description('check the installation, and say how to mend what is wrong; changes nothing')
    .option('--data <folder>', 'the data folder of the server (PARTWAY_DATA)')
    .option('--json', 'print JSON')
    .action(doctor)
}

async function doctor({ data, json }: Options): Promise<void> {
  const { diagnose, SETTINGS_CHECK } = await import('../server/doctor/index.ts')
  const findings: Finding[] = []
  for await (const finding of diagnose(process.env, { data })) {
    findings.push(finding)
    if (!json) console.log(lineOf(finding))
  }
  const failed = findings.filter(({ outcome }) => outcome === 'failed')
  if (json) console.log(JSON.stringify({ ok: failed.length === 0, checks: findings }))
  else console.log(`\n${summaryOf(findings)}`)
  if (failed.length > 0) {
    const settings = failed.some(({ check }) => check === SETTINGS_CHECK)
    process.exitCode = settings ? EXIT.usage : EXIT.failed
  }
  // What never answered keeps its connections open, and is no longer waited for.
  process.stdout.write('', () => process.exit())
}

const MARKS: Record<Finding['outcome'], string> = {
  ok: '✓',
  warning: '!',
  failed: '✗',
  skipped: '-',
}
const WIDTH = 16

/** A finding, and below it what to do. */
export function lineOf({ check, outcome, found, remedy }: Finding): string {
  const line = `${MARKS[outcome]} ${printable(check).padEnd(WIDTH)}  ${printable(found)}`
  const steps = (remedy ?? '').split('\n').filter((step) => step !== '')
  return [line, ...steps.map((step) => `    ${printable(step)}`)].join('\n')
}

export function summaryOf(findings: readonly Finding[]): string {
  const count = (outcome: Finding['outcome']) =>
    findings.filter((finding) => finding.outcome === outcome).length
  const [failed, warnings, skipped] = [count('failed'), count('warning'), count('skipped')]
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    ...(skipped > 0 ? [`${skipped} not checked`] : []),
  ]
  const rest = parts.length > 0 ? `: ${parts.join(', ')}` : ''
  return failed > 0 ? `Something is to be mended${rest}.` : `All is well${rest}.`
}
