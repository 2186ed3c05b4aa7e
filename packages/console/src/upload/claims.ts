import { type FileIdentity, identityKey } from '../lib/unfinished.ts'

/** A file that no other tab sends while this one has it. */
interface Claim {
  /** The upload that is gone on with, of those begun before. */
  uploadId: string | undefined
  /** It is being sent, and let go when that is over. */
  inUse: boolean
  release(): void
}

/** How long browsers may take to notice that a page is gone, in milliseconds. */
const LOCK_WAIT_MS = 3000

const claims = new Map<string, Claim>()
/** Names of locks of this tab, until the browser has let them go: that is later than we did. */
const ours = new Set<string>()

const lockName = (file: FileIdentity) => `partway-console:${identityKey(file)}`

/**
 * Takes a file for this tab, until `signal` fires at the latest. Where the browser has no locks,
 * whoever asks has it. Refused, there is no claim.
 */
export async function claim(
  file: FileIdentity,
  uploadId: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (claimOf(file)) return
  const release = await lock(lockName(file), signal)
  if (!release) return
  if (signal.aborted || claimOf(file)) release()
  else claims.set(identityKey(file), { uploadId, inUse: false, release })
}

export const claimOf = (file: FileIdentity): Claim | undefined => claims.get(identityKey(file))

export function release(file: FileIdentity): void {
  const id = identityKey(file)
  claims.get(id)?.release()
  claims.delete(id)
}

export function releaseAll(): void {
  for (const { release } of claims.values()) release()
  claims.clear()
}

/** Whether another tab has a file. */
export async function createElsewhere(): Promise<(file: FileIdentity) => boolean> {
  const before = new Set(ours)
  const held = (await navigator.locks?.query())?.held ?? []
  const others = new Set(held.map(({ name }) => name).filter((name) => !before.has(name!)))
  return (file) => others.has(lockName(file))
}

/** Resolves to how it is let go, or to nothing when another tab has it. */
function lock(name: string, ended: AbortSignal): Promise<(() => void) | undefined> {
  const { locks } = navigator
  if (!locks) return Promise.resolve(() => {})
  return new Promise((resolve) => {
    const hold = () => {
      ours.add(name)
      return new Promise<void>((release) => resolve(release))
    }
    const signal = AbortSignal.any([ended, AbortSignal.timeout(LOCK_WAIT_MS)])
    locks.request(name, { signal }, hold).then(
      () => ours.delete(name),
      () => resolve(undefined),
    )
  })
}
