import { PartwayError } from '@partway/protocol'

/** Complete bodies one chunk may have before it is reported; what is not proven goes at seal. */
export const MAX_BODIES = 4

// What every chunk sink refuses, in the same words.

export function noSuchUpload(uploadId: string): PartwayError {
  return new PartwayError(
    'NoSuchUpload',
    `The upload ${uploadId} does not exist. It may have been completed, aborted or expired.`,
  )
}

export function wrongLength(index: number, expected: number, received: number): PartwayError {
  return new PartwayError(
    received > expected ? 'EntityTooLarge' : 'IncompleteBody',
    `Chunk ${index} has ${expected} bytes; received ${received}.`,
  )
}

export function wrongDigest(index: number): PartwayError {
  return new PartwayError(
    'BadDigest',
    `The bytes of chunk ${index} do not have the digest that Content-Digest says. Nothing was stored.`,
  )
}

export function settledChunk(index: number): PartwayError {
  return new PartwayError(
    'OperationAborted',
    `Chunk ${index} was reported with other bytes and can no longer be changed.`,
  )
}

export function tooManyBodies(index: number): PartwayError {
  return new PartwayError(
    'OperationAborted',
    `Chunk ${index} already has ${MAX_BODIES} different bodies. Report one of them, or abort the upload.`,
  )
}
