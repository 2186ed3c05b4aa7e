import { expect } from 'vitest'
import type { Response } from './http-world.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const DOCS_URL = 'https://docs.twelvelabs.io/api-reference/error-codes'

interface Answer {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}

/** What every response carries, whatever it says. */
export function expectCommonHeaders({ headers }: Pick<Answer, 'headers'>): void {
  expect(headers['x-api-version']).toBe('1.3')
  expect(headers['x-request-id']).toMatch(UUID)
}

/**
 * Holds an answer to the API's one error shape: exactly `code`, `message` and `docs_url`, the
 * message naming each of `words`, and nothing of our insides.
 */
export function expectError(
  answer: Answer,
  status: number,
  code: string,
  ...words: (string | number)[]
): void {
  expect(answer.statusCode, answer.body).toBe(status)
  expect(answer.headers['content-type']).toMatch(/^application\/json\b/)
  const body: unknown = JSON.parse(answer.body)
  expect(body).toEqual({ code, message: expect.any(String), docs_url: DOCS_URL })
  const { message } = body as { message: string }
  for (const word of words) expect(message).toContain(String(word))
  expect(message).not.toMatch(/\bat .+:\d+:\d+|node_modules|FST_ERR|\.ts\b/)
  expectCommonHeaders(answer)
}

/** Holds an answer to S3's error shape: "REST error responses", Amazon S3 API reference. */
export function expectS3Error(answer: Answer, status: number, code: string): void {
  expect(answer.statusCode, answer.body).toBe(status)
  expect(answer.headers['content-type']).toBe('application/xml')
  const match =
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Error><Code>(\w+)<\/Code><Message>([^<>]+)<\/Message><RequestId>([^<>]+)<\/RequestId><\/Error>$/.exec(
      answer.body,
    )
  expect(match?.[1], answer.body).toBe(code)
  expect(match?.[3]).toBe(answer.headers['x-request-id'])
  expectCommonHeaders(answer)
}

/** Two answers that nobody could tell apart, but for the id that was asked for. */
export function expectAlike(one: Response, other: Response, ids: [string, string]): void {
  const plain = (response: Response, id: string) => {
    const { date: _date, 'x-request-id': _id, ...headers } = response.headers
    return { status: response.statusCode, headers, body: response.body.replaceAll(id, 'ID') }
  }
  expect(plain(one, ids[0])).toEqual(plain(other, ids[1]))
}
