import { describe, expect, it } from 'vitest'
import {
  API_ERRORS,
  CHUNK_ERRORS,
  type ErrorCode,
  PartwayError,
  statusOf,
} from '../../src/errors.ts'

const codes = Object.keys({ ...API_ERRORS, ...CHUNK_ERRORS }) as ErrorCode[]

describe('error codes', () => {
  it.each(codes)('give %s a status that says who is at fault', (code) => {
    expect(statusOf(code)).toBeGreaterThanOrEqual(400)
    expect(statusOf(code)).toBeLessThan(600)
    expect(new PartwayError(code, 'x').status).toBe(statusOf(code))
  })

  it('mean one thing each: no code stands in both tables', () => {
    expect(codes).toHaveLength(Object.keys(API_ERRORS).length + Object.keys(CHUNK_ERRORS).length)
  })

  it('are spelt like the API on its routes and like S3 at the chunk door', () => {
    for (const code of Object.keys(API_ERRORS)) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    for (const code of Object.keys(CHUNK_ERRORS)) expect(code).toMatch(/^([A-Z][a-z]+)+$/)
  })
})

describe('an error', () => {
  it('carries its code, message, cause and when to try again', () => {
    const cause = new Error('no room')
    const error = new PartwayError('storage_full', 'The store is full.', { cause, retryAfter: 30 })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      ...{ name: 'PartwayError', code: 'storage_full', message: 'The store is full.' },
      ...{ status: 507, retryAfter: 30, cause },
    })
  })

  it('says nothing of trying again unless it is told', () => {
    expect(new PartwayError('not_found', 'No.').retryAfter).toBeUndefined()
    expect(new PartwayError('not_found', 'No.').cause).toBeUndefined()
  })
})
