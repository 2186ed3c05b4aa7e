import { formatSize, printable, table } from '../text.ts'
import type { Done, MoveEvent, OpenUpload, Plan } from './events.ts'

/** Shown of uploads in the way; there may be thousands. */
const MOST_UPLOADS = 20

/** What is to be moved, and what to know before. */
export function planText(plan: Plan): string {
  const { dry_run, assets, size, present_assets, present_size, keys, migrations } = plan
  const there =
    present_assets === 0
      ? ''
      : `; ${present_assets} of them (${formatSize(present_size)}) are in the target already`
  const tables =
    migrations.length === 0
      ? 'The target has the tables of this version.'
      : `${dry_run ? 'Migrations to apply in' : 'Applied migrations in'} the target: ${migrations.join(', ')}.`
  return [
    `${count(assets, 'asset')} with ${formatSize(size)}, ${count(keys, 'API key')}${there}.`,
    tables,
    ...warnings(plan),
    ...(dry_run ? ['Nothing was changed.'] : []),
  ].join('\n')
}

function warnings({ signing_key, other_assets, deleted_assets }: Plan): string[] {
  const key =
    signing_key === true
      ? []
      : [
          signing_key === null
            ? 'Note: the source has no signing.key, so its servers had PARTWAY_SIGNING_KEYS. URLs handed out before go on working only with the same keys.'
            : "Warning: PARTWAY_SIGNING_KEYS does not contain the key in the source's signing.key. URLs handed out before will not work unless you add it, at the end.",
        ]
  const others =
    other_assets === 0
      ? []
      : [
          `Note: the target has ${count(other_assets, 'asset')} that ${other_assets === 1 ? 'is' : 'are'} not from this source. Accounts of the same name become one.`,
        ]
  const deleted =
    deleted_assets === 0
      ? []
      : [
          `Note: ${count(deleted_assets, 'asset')} moved before, and not in the target any more: deleted there since, and left out. After restoring the target from a backup, remove migrate-store/moved in the old folder to move what it lacks.`,
        ]
  return [...key, ...others, ...deleted]
}

/** Uploads that cannot be moved. */
export function uploadsText(uploads: OpenUpload[]): string {
  const rows = uploads
    .slice(0, MOST_UPLOADS)
    .map((u) => [
      u.upload_id,
      u.account,
      `${u.chunks_completed}/${u.total_chunks}`,
      u.expires_at,
      u.filename,
    ])
  const more = uploads.length - rows.length
  return [
    `${count(uploads.length, 'upload')} under way, which cannot be moved; the last expires at ${uploads.at(-1)!.expires_at}:`,
    table([['UPLOAD', 'ACCOUNT', 'CHUNKS', 'EXPIRES', 'FILE'], ...rows]),
    ...(more > 0 ? [`and ${more} more.`] : []),
  ].join('\n')
}

export function doneText({ moved, present, failed }: Done): string {
  const before = present === 0 ? '' : `, ${present} were there`
  const left = failed === 0 ? '' : `, ${failed} stay behind`
  return `${count(moved, 'asset')} moved${before}${left}.`
}

export function failedText({
  asset_id,
  filename,
  message,
}: Extract<MoveEvent, { event: 'failed' }>): string {
  return `Failed: asset ${asset_id} (${printable(filename)}): ${message}`
}

export const STOPPED = 'Stopped. Run the same command again to go on.'

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
