import { PartwayError } from '@partway/protocol'

/** The bytes of a sealed object are not where they were put. */
export function contentMissing(ref: string): PartwayError {
  return new PartwayError('service_unavailable', `The content of asset ${ref} cannot be read.`, {
    retryAfter: 30,
  })
}
