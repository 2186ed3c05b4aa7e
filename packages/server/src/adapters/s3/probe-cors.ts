import { type CORSRule, GetBucketCorsCommand } from '@aws-sdk/client-s3'
import { within } from '../finding.ts'
import type { Bucket } from './bucket.ts'
import { putCorsCommand } from './probe-commands.ts'
import { isDenied } from './probe-errors.ts'
import type { Steps } from './probe-steps.ts'

/** What our client sends with a chunk. */
const HEADERS = ['content-type', 'content-digest']

/** Of `*`, any will do. */
const SOME_ORIGIN = 'https://any-page.example.com'

export interface Pages {
  /** Origins of pages that upload; `*` for all. */
  origins: readonly string[]
  /** Of the server's own page, where it is known. Who never opens it need not let it in. */
  consoleOrigin: string | undefined
  /** Whether pages are sent to the bucket to read. */
  redirect: boolean
}

export const originsOf = ({ origins, consoleOrigin }: Pages): readonly string[] =>
  consoleOrigin === undefined || origins.includes('*')
    ? origins
    : [...new Set([...origins, consoleOrigin])]

/** Whether pages of these origins can put a chunk by `url` and read its ETag. */
export async function probePageUploads(
  steps: Steps,
  bucket: Bucket,
  pages: Pages,
  url: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const origins = originsOf(pages)
  for (const listed of origins) {
    const origin = listed === '*' ? SOME_ORIGIN : listed
    const check = `uploads from ${listed}`
    try {
      const lacking = await within((signal) => uploadLacks(origin, url, body, signal))
      if (lacking === undefined) {
        steps.add({ check, outcome: 'ok', found: 'pages may put chunks and read their ETags' })
      } else {
        const remedy = await corsRemedy(steps, bucket, origins)
        const isWanted = pages.origins.includes(listed)
        const outcome = isWanted ? 'failed' : 'warning'
        const found = isWanted ? lacking : `the console cannot upload: ${lacking}`
        steps.add({ check, outcome, found, remedy })
      }
    } catch (error) {
      steps.failed(check, error, { action: 's3:PutObject', signedUrl: true })
    }
  }
}

async function uploadLacks(
  origin: string,
  url: string,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const preflight = await fetch(url, {
    ...{ method: 'OPTIONS', signal },
    headers: {
      ...{ origin, 'access-control-request-method': 'PUT' },
      'access-control-request-headers': HEADERS.join(','),
    },
  })
  await preflight.body?.cancel()
  const { headers, status } = preflight
  const lists = (name: string) => listed(headers, `access-control-allow-${name}`)
  if (!preflight.ok) return `the bucket refuses pages' questions before a PUT (HTTP ${status})`
  if (!allows(headers, origin)) return 'the bucket does not let these pages in'
  if (!includes(lists('methods'), 'put')) return 'pages may not PUT'
  const headersAllowed = lists('headers')
  const refused = HEADERS.filter((name) => !includes(headersAllowed, name))
  if (refused.length > 0) return `pages may not send ${refused.join(', ')}`
  const put = await fetch(url, { method: 'PUT', body, headers: { origin }, signal })
  await put.body?.cancel()
  if (!allows(put.headers, origin)) return 'pages may not see the answer to a PUT'
  if (!includes(listed(put.headers, 'access-control-expose-headers'), 'etag')) {
    return 'pages may not read ETag, the proof of a chunk'
  }
  return undefined
}

/**
 * Whether players in pages can read by `url`. After our redirect the origin of a page is `null`, but
 * for the console: a redirect from its own origin leaves it what it is.
 */
export async function probePageReads(
  steps: Steps,
  bucket: Bucket,
  pages: Pages,
  url: string,
): Promise<void> {
  const origins = originsOf(pages)
  if (!pages.redirect || origins.length === 0) return
  const check = 'reading in pages'
  try {
    const lets = (origin: string) =>
      within(async (signal) => {
        const response = await fetch(url, { headers: { origin }, signal })
        await response.body?.cancel()
        return allows(response.headers, origin)
      })
    const found = !(await lets('null'))
      ? 'players in pages cannot read after the redirect, which makes their origin null'
      : pages.consoleOrigin !== undefined && !(await lets(pages.consoleOrigin))
        ? `players in the console cannot read, as ${pages.consoleOrigin}`
        : undefined
    if (found === undefined) {
      steps.add({ check, outcome: 'ok', found: 'players in pages are let in after the redirect' })
    } else {
      const remedy = await corsRemedy(steps, bucket, origins)
      steps.add({ check, outcome: 'warning', found, remedy })
    }
  } catch (error) {
    steps.failed(check, error, { action: 's3:GetObject', signedUrl: true })
  }
}

const listed = (headers: Headers, name: string): string[] =>
  (headers.get(name) ?? '').split(',').map((item) => item.trim().toLowerCase())

const includes = (list: string[], name: string) => list.includes(name) || list.includes('*')

function allows(headers: Headers, origin: string): boolean {
  const allowed = headers.get('access-control-allow-origin')
  return allowed === origin || allowed === '*'
}

/** The rules that are needed, before those that are there: the first that fits counts. */
async function corsRemedy(
  { place }: Steps,
  { client, bucket: Bucket }: Bucket,
  origins: readonly string[],
): Promise<string> {
  const ours = rulesFor(origins)
  const ids = ours.map(({ ID }) => ID)
  try {
    const { CORSRules = [] } = await within((abortSignal) =>
      client.send(new GetBucketCorsCommand({ Bucket }), { abortSignal }),
    )
    const others = CORSRules.filter(({ ID }) => !ids.includes(ID))
    return putCorsCommand(place, [...ours, ...others])
  } catch (error) {
    // No rules, or a store that tells nobody.
    const note = isDenied(error) ? '\nThis replaces the rules of the bucket, if it has any.' : ''
    return putCorsCommand(place, ours) + note
  }
}

const READING = {
  AllowedMethods: ['GET', 'HEAD'],
  AllowedHeaders: ['range', 'if-range'],
  ExposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges', 'Content-Length'],
}

/**
 * Both allow reading: Amazon looks for a rule that fits origin and method, Ceph takes the first that
 * fits the origin.
 */
const rulesFor = (origins: readonly string[]): CORSRule[] => [
  {
    ID: 'partway uploads',
    AllowedOrigins: [...origins],
    AllowedMethods: ['PUT', ...READING.AllowedMethods],
    AllowedHeaders: [...HEADERS, ...READING.AllowedHeaders],
    ExposeHeaders: READING.ExposeHeaders,
    MaxAgeSeconds: 3600,
  },
  { ID: 'partway reading', AllowedOrigins: ['*'], ...READING, MaxAgeSeconds: 3600 },
]
