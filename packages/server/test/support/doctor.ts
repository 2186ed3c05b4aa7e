import {
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { Finding } from '../../src/adapters/finding.ts'
import { type CommandResult, runProgram } from './program.ts'

export interface Diagnosis extends CommandResult {
  ok: boolean
  checks: Finding[]
  /** The check of this name; @throws when there is none, or more than one */
  check(name: string): Finding
  /** Names of the checks with this outcome. */
  names(outcome: Finding['outcome']): string[]
}

/** Runs `partway doctor --json` to its end. */
export async function runDoctor(env: Record<string, string>): Promise<Diagnosis> {
  const result = await runProgram(['doctor', '--json'], {
    // Nobody is asked outside of this machine.
    ...{ AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null' },
    ...{ AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...env },
  })
  expect(result.stderr).toBe('')
  const { ok, checks } = JSON.parse(result.stdout) as { ok: boolean; checks: Finding[] }
  for (const { outcome, remedy, check } of checks) {
    if (outcome === 'warning' || outcome === 'failed') expect(remedy, check).toBeTruthy()
  }
  return {
    ...{ ...result, ok, checks },
    check(name) {
      const [found, ...others] = checks.filter(({ check }) => check === name)
      if (found && others.length === 0) return found
      throw new Error(`not one check ${name}: ${result.stdout}`)
    },
    names: (outcome) =>
      checks.filter((finding) => finding.outcome === outcome).map(({ check }) => check),
  }
}

/** Does what a command of the AWS command line would. */
export async function runAws(client: S3Client, command: string): Promise<void> {
  const [, name, Bucket] = /^aws s3api (\S+) --bucket (\S+) /.exec(command) ?? []
  const [, json = '{}'] = / '(.*)'$/.exec(command) ?? []
  const given = JSON.parse(json.replaceAll("'\\''", "'"))
  if (name === 'create-bucket') await client.send(new CreateBucketCommand({ Bucket }))
  else if (name === 'put-bucket-cors') {
    await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: given }))
  } else if (name === 'put-bucket-lifecycle-configuration') {
    const LifecycleConfiguration = given
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
    )
  } else throw new Error(`not a command that is known here: ${command}`)
}
