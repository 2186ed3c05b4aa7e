import { type Static, Type } from 'typebox'
import { date, id, int, PageInfo, PageQuery, ref } from './common.ts'

/** What an asset can be; documents are not uploaded in chunks (contract section 2, M1). */
export const AnyAssetType = Type.Enum(['video', 'audio', 'image', 'document'])
export type AnyAssetType = Static<typeof AnyAssetType>

export const AssetMethod = Type.Enum(['direct', 'url', 'multipart'], {
  description: 'How the asset was created.',
})
export type AssetMethod = Static<typeof AssetMethod>

const Scalar = [Type.String(), Type.Number(), Type.Boolean()] as const

/** Values that are stored. */
export const UserMetadata = Type.Record(Type.String(), Type.Union([...Scalar]), {
  description: 'Key-value pairs of your own.',
})
export type UserMetadata = Static<typeof UserMetadata>

/** Values that are sent: `null` and the empty string have meanings of their own. */
export const UserMetadataInput = Type.Record(Type.String(), Type.Union([...Scalar, Type.Null()]), {
  description: 'Key-value pairs; values are strings, numbers or booleans, or null.',
})
export type UserMetadataInput = Static<typeof UserMetadataInput>

export const AssetParams = Type.Object({
  asset_id: Type.String({
    pattern: '^[0-9a-f]{24}$',
    description: 'The unique identifier of the asset.',
  }),
})

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
    Type.Array(AnyAssetType, { description: 'Only these types; repeat the parameter.' }),
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
