import { type Static, Type } from 'typebox'
import { date, Filename, id, int, optional, PageInfo, PageQuery, ref } from './common.ts'
import { TechnicalMetadata } from './technical-metadata.ts'

/** What an asset can be. The official API takes no documents in chunks; we do. */
export const AssetType = Type.Enum(['video', 'audio', 'image', 'document'], {
  description: 'What kind of media the file is. (Partway only: document.)',
})
export type AssetType = Static<typeof AssetType>

export const AssetMethod = Type.Enum(['direct', 'url', 'multipart'], {
  description: 'How the asset was created.',
})
export type AssetMethod = Static<typeof AssetMethod>

const Scalar = [Type.String(), Type.Number(), Type.Boolean()] as const

/** Any text. Said with a pattern, because the one of `Record` by itself matches no line break. */
const Key = Type.String({ pattern: '^[\\s\\S]*$' })

/** Values that are stored. */
export const UserMetadata = Type.Record(Key, Type.Union([...Scalar]), {
  description: 'Key-value pairs of your own.',
})
export type UserMetadata = Static<typeof UserMetadata>

/** Values that are sent: `null` and the empty string have meanings of their own. */
export const UserMetadataInput = Type.Record(Key, Type.Union([...Scalar, Type.Null()]), {
  description: 'Key-value pairs; values are strings, numbers or booleans, or null.',
})
export type UserMetadataInput = Static<typeof UserMetadataInput>

export const AssetParams = Type.Object({
  asset_id: Type.String({
    pattern: '^[0-9a-f]{24}$',
    description: 'The unique identifier of the asset.',
  }),
})

const RenditionStatus = Type.Enum(['pending', 'processing', 'ready', 'error'])
const renditionError = Type.Optional(
  Type.Object({ message: Type.String() }, { description: 'Why there is none. (Partway only.)' }),
)

export const Hls = Type.Object(
  {
    status: RenditionStatus,
    manifest_url: Type.Optional(
      Type.String({ format: 'uri', description: 'For players; signed and expiring.' }),
    ),
    error: renditionError,
  },
  { $id: 'AssetHls', description: 'The HLS stream; present when it was asked for.' },
)

export const Thumbnail = Type.Object(
  {
    status: RenditionStatus,
    representative_url: Type.Optional(
      Type.String({ format: 'uri', description: 'A JPEG; signed and expiring.' }),
    ),
    error: renditionError,
  },
  { $id: 'AssetThumbnail', description: 'A picture of it; present when it was asked for.' },
)

export const ImportProgress = Type.Object(
  {
    fetched_size: int('Bytes that are stored.'),
    total_size: Type.Optional(int('Bytes in all, once the other side has said so.')),
  },
  { $id: 'AssetImport', description: 'While a URL is fetched. (Partway only.)' },
)

export const Asset = Type.Object(
  {
    _id: id('The asset.'),
    method: AssetMethod,
    status: Type.Enum(['processing', 'ready', 'failed']),
    filename: Type.String(),
    file_type: Type.Optional(Type.String({ description: 'The MIME type found in the content.' })),
    size: Type.Optional(int('Bytes; present once the upload is complete.')),
    url: Type.Optional(
      Type.String({ format: 'uri', description: 'Where the content is; signed and expiring.' }),
    ),
    error: Type.Optional(
      Type.Object({ message: Type.String() }, { description: 'Why it failed.' }),
    ),
    duration: Type.Optional(
      Type.Number({ description: 'Seconds; video and audio only, present once ready.' }),
    ),
    hls: Type.Optional(ref(Hls)),
    thumbnail: Type.Optional(ref(Thumbnail)),
    technical_metadata: Type.Optional(ref(TechnicalMetadata)),
    import: Type.Optional(ref(ImportProgress)),
    user_metadata: Type.Optional(UserMetadata),
    created_at: date('When it was created.'),
  },
  { $id: 'AssetDetail' },
)
export type Asset = Static<typeof Asset>

export const AssetList = Type.Object(
  { data: Type.Array(ref(Asset)), page_info: ref(PageInfo) },
  { $id: 'ListAssetsResponse' },
)
export type AssetList = Static<typeof AssetList>

export const ListAssetsQuery = Type.Object({
  ...PageQuery.properties,
  asset_ids: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9a-f]{24}$' }), {
      description: 'Only these assets; repeat the parameter.',
    }),
  ),
  asset_types: Type.Optional(
    Type.Array(AssetType, { description: 'Only these types; repeat the parameter.' }),
  ),
  filename: Type.Optional(
    Type.String({
      maxLength: 255,
      description: 'Only names that contain this text, whatever its case.',
    }),
  ),
})
export type ListAssetsQuery = Static<typeof ListAssetsQuery>

export const UserMetadataRequest = Type.Object(
  { user_metadata: UserMetadataInput },
  { $id: 'UserMetadataRequest' },
)
export type UserMetadataRequest = Static<typeof UserMetadataRequest>

export const DeleteAssetQuery = Type.Object({
  force: Type.Optional(
    Type.Boolean({ description: 'Accepted for compatibility; nothing here can be in the way.' }),
  ),
})

/** The text parts of the form that creates an asset (contract section 3, A1), once decoded. */
export const CreateAssetFields = Type.Object(
  {
    method: Type.Enum(['direct', 'url'], {
      description: '`direct`: the form carries the file. `url`: the server fetches it.',
    }),
    url: optional(Type.String({ maxLength: 8192 }), 'Where to fetch it; http or https.'),
    filename: optional(Filename, 'By default that of the file part, or the last part of the URL.'),
    enable_hls: optional(
      Type.Boolean(),
      'Make an HLS stream of it; video and audio only, ignored for others.',
    ),
    enable_thumbnail: optional(Type.Boolean(), 'Make a picture of it.'),
    user_metadata: optional(UserMetadataInput, 'A JSON object as text.'),
  },
  { $id: 'CreateAssetFields' },
)
export type CreateAssetFields = Static<typeof CreateAssetFields>
