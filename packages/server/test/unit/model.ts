import type { Claim, Upload } from '../../src/core/types.ts'

// A tiny model of a server: what each upload must be, told without a database or a store.

export interface Session {
  upload: Upload
  /** Which variants of a body have arrived, by chunk. */
  bodies: Map<number, Set<number>>
  /** Which variant was proven, by chunk. */
  proven: Map<number, number>
  state: 'active' | 'completed' | 'failed' | 'expired'
  endedAt: number
  /** Whether bytes can be written: until it is sealed or freed. */
  place: boolean
  /** Gone from the records. */
  purged: boolean
}

export interface Model {
  now: number
  sessions: Session[]
}

export function newSession(upload: Upload): Session {
  return {
    ...{ upload, bodies: new Map(), proven: new Map(), state: 'active', endedAt: 0 },
    ...{ place: true, purged: false },
  }
}

export const isComplete = ({ proven, upload }: Session) => proven.size === upload.totalChunks

/** Active in the records, but past its time. */
export const isLate = (session: Session, now: number) =>
  session.state === 'active' && now >= session.upload.expiresAt && !isComplete(session)

export const stateOf = (session: Session, now: number) =>
  isLate(session, now) ? 'expired' : session.state

/** What a claim in a random report is made of. */
export interface ClaimPlan {
  index: number
  /** The body it names; it may never have arrived. */
  variant: number
  lie: 'none' | 'etag' | 'size'
}

/** How a claim is judged: a duplicate, the truth, or a reason to refuse the whole report. */
export function judge(session: Session, plans: ClaimPlan[]) {
  const { upload, bodies, proven } = session
  const fresh = new Map<number, ClaimPlan>()
  for (const plan of plans) if (!fresh.has(plan.index)) fresh.set(plan.index, plan)
  for (const index of proven.keys()) fresh.delete(index)
  const beyond = plans.filter(({ index }) => index > upload.totalChunks)
  const lies = [...fresh.values()].filter(
    ({ index, variant, lie }) =>
      index <= upload.totalChunks && (lie !== 'none' || !bodies.get(index)?.has(variant)),
  )
  return { fresh, beyond, lies }
}

/** ETags as the store gave them, by upload, chunk and variant. */
export class Etags {
  private readonly known = new Map<string, string>()

  private key(upload: Upload, index: number, variant: number): string {
    return `${upload.id}/${index}/${variant}`
  }

  learn(upload: Upload, index: number, variant: number, etag: string): void {
    this.known.set(this.key(upload, index, variant), etag)
  }

  of(upload: Upload, index: number, variant: number): string {
    return this.known.get(this.key(upload, index, variant)) ?? '0'.repeat(64)
  }

  claim(upload: Upload, { index, variant, lie }: ClaimPlan, size: number): Claim {
    const etag = lie === 'etag' ? 'f'.repeat(64) : this.of(upload, index, variant)
    return { index, etag, size: lie === 'size' ? size + 1 : size }
  }
}
