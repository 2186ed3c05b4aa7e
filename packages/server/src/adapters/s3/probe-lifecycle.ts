import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from '@aws-sdk/client-s3'
import { within } from '../finding.ts'
import type { Bucket } from './bucket.ts'
import { putLifecycleCommand } from './probe-commands.ts'
import { remedyOf, said } from './probe-errors.ts'
import type { Steps } from './probe-steps.ts'

const CHECK = 'lifecycle rule'
const ACTION = 's3:GetLifecycleConfiguration'
const ID = 'partway abandoned uploads'
const DAY_MS = 24 * 3_600_000
/** What docs/s3.md proposes, unless uploads may take longer. */
const USUAL_DAYS = 7

/**
 * Whether the bucket itself aborts uploads that nobody knows any more, and none that are under way.
 *
 * @param keptMs how long uploads may be there
 */
export async function probeLifecycle(
  steps: Steps,
  { client, bucket: Bucket }: Bucket,
  keptMs: number,
): Promise<void> {
  const { place, add } = steps
  let rules: LifecycleRule[]
  try {
    rules = await within(async (abortSignal) => {
      const question = new GetBucketLifecycleConfigurationCommand({ Bucket })
      return (await client.send(question, { abortSignal })).Rules ?? []
    })
  } catch (error) {
    if ((error as Error).name !== 'NoSuchLifecycleConfiguration') {
      const found = `could not be read: ${said(error)}`
      const remedy = remedyOf(error, { action: ACTION }, place)
      add({ check: CHECK, outcome: 'warning', found, remedy })
      return
    }
    rules = []
  }
  const least = Math.floor(keptMs / DAY_MS) + 1
  const days = Math.max(USUAL_DAYS, least)
  const objects = `${place.prefix}objects/`
  const aborting = rules.filter((rule) => rule.Status === 'Enabled' && daysOf(rule) !== undefined)
  const hasty = aborting.filter((rule) => daysOf(rule)! < least && touches(rule, objects))
  if (hasty.length > 0) {
    const mended = rules.map((rule) =>
      hasty.includes(rule)
        ? { ...rule, AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } }
        : rule,
    )
    add({
      ...{ check: CHECK, outcome: 'failed', remedy: putLifecycleCommand(place, mended) },
      found: `aborts uploads after ${daysOf(hasty[0]!)} days; they may take ${hours(keptMs)} (PARTWAY_UPLOAD_TTL and PARTWAY_GRACE_PERIOD)`,
    })
    return
  }
  const [covering] = aborting.filter((rule) => objects.startsWith(prefixOf(rule)))
  if (covering) {
    const found = `aborts abandoned uploads after ${daysOf(covering)} days`
    add({ check: CHECK, outcome: 'ok', found })
    return
  }
  const rule: LifecycleRule = {
    ...{ ID, Status: 'Enabled', Filter: { Prefix: place.prefix } },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
  }
  add({
    ...{ check: CHECK, outcome: 'warning' },
    found: 'nothing aborts uploads that a crash left behind; their parts are paid for and not seen',
    remedy: putLifecycleCommand(place, [...rules.filter((other) => other.ID !== ID), rule]),
  })
}

const daysOf = ({ AbortIncompleteMultipartUpload: abort }: LifecycleRule): number | undefined =>
  abort?.DaysAfterInitiation

/** `Prefix` beside the filter is the older form. */
const prefixOf = ({ Filter, Prefix }: LifecycleRule): string =>
  Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''

function touches(rule: LifecycleRule, objects: string): boolean {
  const prefix = prefixOf(rule)
  return objects.startsWith(prefix) || prefix.startsWith(objects)
}

const hours = (ms: number): string => `${Math.ceil(ms / 3_600_000)} h`
