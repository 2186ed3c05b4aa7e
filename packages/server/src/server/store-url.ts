import { isIP } from 'node:net'
import { schemePath } from './parsers.ts'

/** Where bytes are kept. */
export type StoreConfig = FileStoreConfig | S3StoreConfig

export interface FileStoreConfig {
  kind: 'file'
  /** Folder of the store. */
  path: string
}

export interface S3StoreConfig {
  kind: 's3'
  bucket: string
  /** Empty, or a path that ends with a slash. */
  prefix: string
  region: string
  /** Scheme, host and port; `undefined`: Amazon's for the region. */
  endpoint: string | undefined
  /** Where clients reach the store, when that is another address. */
  publicEndpoint: string | undefined
  pathStyle: boolean
}

const PARAMETERS = ['region', 'endpoint', 'public_endpoint', 'path_style']
const DEFAULT_REGION = 'us-east-1'

/** @throws RangeError whose message completes "PARTWAY_STORE_URL must be …" */
export function parseStoreUrl(text: string): StoreConfig {
  if (text.startsWith('s3:')) return parseS3Url(text)
  return { kind: 'file', path: schemePath('file:')(text) }
}

function parseS3Url(text: string): S3StoreConfig {
  const [, bucket = '', path = '', search = ''] =
    /^s3:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(text) ?? []
  // "General purpose bucket naming rules", Amazon S3 user guide.
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new RangeError(
      's3://BUCKET/PREFIX with a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens',
    )
  }
  const query = new URLSearchParams(search)
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name) || query.getAll(name).length > 1) {
      throw new RangeError(
        `an S3 URL with each of ${PARAMETERS.join(', ')} at most once and no other parameter; ${name} is one too many`,
      )
    }
  }
  const endpoint = parseEndpoint('endpoint', query.get('endpoint'))
  return {
    ...{ kind: 's3', bucket, prefix: parsePrefix(path) },
    region: parseRegion(query.get('region')),
    endpoint,
    publicEndpoint: parseEndpoint('public_endpoint', query.get('public_endpoint')),
    pathStyle: parseFlag(query.get('path_style')) || hasAddress(endpoint),
  }
}

function parsePrefix(path: string): string {
  const names = path.split('/').filter((name) => name !== '')
  const plain = names.every((name) => /^[\w.-]+$/.test(name) && !/^\.+$/.test(name))
  if (!plain || path.length > 200) {
    throw new RangeError(
      'an S3 URL with a prefix of at most 200 letters, digits, dots, hyphens, underscores and slashes',
    )
  }
  return names.map((name) => `${name}/`).join('')
}

function parseRegion(region: string | null): string {
  if (region === null) return DEFAULT_REGION
  if (/^[a-z0-9-]{1,64}$/.test(region)) return region
  throw new RangeError('an S3 URL with a region such as eu-central-1')
}

function parseEndpoint(name: string, text: string | null): string | undefined {
  if (text === null) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const http = url?.protocol === 'http:' || url?.protocol === 'https:'
  const more = url && (url.pathname !== '/' || url.search || url.hash)
  if (!url || !http || more || url.username || url.password) {
    throw new RangeError(
      `an S3 URL whose ${name} is an http or https URL without path, such as https://s3.example.com`,
    )
  }
  return url.origin
}

function parseFlag(text: string | null): boolean {
  if (text === null || text === '0') return false
  if (text === '1') return true
  throw new RangeError('an S3 URL whose path_style is 0 or 1')
}

/** A bucket cannot be part of the name of a host that has none. */
function hasAddress(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return false
  const { hostname } = new URL(endpoint)
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
