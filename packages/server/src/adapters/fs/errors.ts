import { PartwayError } from '@partway/protocol'

export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

/**
 * What a file system's complaint means to a caller: 507 when there is no room, 503 for anything
 * else an operator can mend. Errors that are not the file system's pass through.
 */
export function fileError(error: unknown): unknown {
  const errno = errnoOf(error)
  if (error instanceof PartwayError || !errno || !(error as NodeJS.ErrnoException).syscall) {
    return error
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') {
    const message = 'The store is full. Nothing was stored; try again when there is room.'
    return new PartwayError('storage_full', message, { cause: error, retryAfter: 30 })
  }
  return new PartwayError(
    'service_unavailable',
    `The store cannot be used right now (${errno}). Nothing was changed; try again later.`,
    { cause: error, retryAfter: 5 },
  )
}

/** Runs `work`, translating what the file system throws. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw fileError(error)
  }
}
