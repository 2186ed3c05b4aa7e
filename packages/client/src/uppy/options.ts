import { type AssetType, typeOfFilename, type UserMetadataInput } from '@partway/protocol'
import type { Body, Meta, PluginOpts, UppyFile } from '@uppy/core'
import type { Client } from '../client.ts'
import { fromBlob, type Source } from '../source.ts'
import type { UploadOptions } from '../upload/types.ts'

export interface PartwayOptions<M extends Meta, B extends Body> extends PluginOpts {
  /** Where the server is; with `apiKey`, instead of `client`. */
  server?: string
  apiKey?: string
  /** One that exists already. */
  client?: Client
  /** Files under way at once. @default 2 */
  limit?: number
  /** @default told by the name of the file, or else by its MIME type */
  type?: (file: UppyFile<M, B>) => AssetType | undefined
  /** @default what Uppy has as `meta`, without Uppy's own */
  userMetadata?: (file: UppyFile<M, B>) => UserMetadataInput | undefined
  /** Have an HLS stream made; video and audio only. */
  enableHls?: boolean | ((file: UppyFile<M, B>) => boolean)
  /** Have a thumbnail made. */
  enableThumbnail?: boolean | ((file: UppyFile<M, B>) => boolean)
  /** Chunks of one file under way at once. @default auto */
  concurrency?: number | 'auto'
  /** Most bytes a second, for each file. @default no limit */
  limitRate?: number
}

/** `response.body` of a file that is stored. */
export interface PartwayBody extends Record<string, unknown> {
  asset_id: string
  upload_id: string
}

type File = UppyFile<Meta, Body>

/** Why a file cannot be sent from here; `undefined` when it can. */
export function refusalOf(file: Pick<File, 'isRemote' | 'data' | 'name'>): Error | undefined {
  if (file.isRemote) {
    return new Error(
      `${file.name} is not on this machine. Partway takes files from here, not through Companion.`,
    )
  }
  if (file.data instanceof Blob) return undefined
  return new Error(`The content of ${file.name} is gone; choose the file again.`)
}

/** What the client is asked for, for a file of Uppy's. */
export function uploadOptions<M extends Meta, B extends Body>(
  file: UppyFile<M, B>,
  options: PartwayOptions<M, B>,
): { source: Source; options: UploadOptions } {
  const { type, userMetadata, concurrency, limitRate } = options
  const [enableHls, enableThumbnail] = [options.enableHls, options.enableThumbnail].map((wanted) =>
    typeof wanted === 'function' ? wanted(file) : wanted,
  )
  const kind = type?.(file) ?? typeOfMime(file)
  const metadata = userMetadata ? userMetadata(file) : ownMetadata(file)
  const { name, relativePath } = file.meta
  return {
    // With its path, so that the journal tells two files of one name apart.
    source: fromBlob(file.data as Blob, relativePath || file.name),
    options: {
      filename: name,
      ...(kind ? { type: kind } : {}),
      ...(metadata ? { userMetadata: metadata } : {}),
      ...(enableHls ? { enableHls } : {}),
      ...(enableThumbnail ? { enableThumbnail } : {}),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(limitRate === undefined ? {} : { limitRate }),
    },
  }
}

/** For names that say nothing; `undefined` leaves it to the name. */
function typeOfMime({ meta, type }: Pick<File, 'meta' | 'type'>): AssetType | undefined {
  if (typeOfFilename(meta.name)) return undefined
  if (type === 'application/pdf' || type.startsWith('text/')) return 'document'
  return (['video', 'audio', 'image'] as const).find((kind) => type.startsWith(`${kind}/`))
}

/** What Uppy puts into `meta` itself. */
const UPPYS_OWN = ['name', 'type', 'relativePath']

/** Fields that were left empty, and values that metadata cannot have, are left out. */
function ownMetadata({ meta }: Pick<File, 'meta'>): UserMetadataInput | undefined {
  const entries = Object.entries(meta).filter(
    ([name, value]) =>
      !UPPYS_OWN.includes(name) &&
      value !== '' &&
      ['string', 'number', 'boolean'].includes(typeof value),
  ) as [string, string | number | boolean][]
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}
