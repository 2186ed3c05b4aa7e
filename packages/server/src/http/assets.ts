import { PartwayError } from '@partway/protocol'
import {
  Asset,
  AssetList,
  AssetParams,
  DeleteAssetQuery,
  ListAssetsQuery,
  ref,
  UserMetadataRequest,
} from '@partway/protocol/schemas'
import { Type } from 'typebox'
import type { Assets } from '../core/assets.ts'
import type { AssetFilter } from '../core/types.ts'
import { errors, pageRequest } from './common.ts'
import { pageInfo, asset as presented } from './present.ts'
import type { App } from './types.ts'

const tags = ['Assets']

/** Contract section 3: A2 to A7. */
export function assetRoutes(app: App, assets: Assets): void {
  app.get(
    '/assets',
    {
      schema: {
        operationId: 'list-assets',
        summary: 'List assets, newest first',
        tags,
        querystring: ListAssetsQuery,
        response: { 200: ref(AssetList), ...errors(400, 401, 500, 503) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query)
      const filter = filterOf(request.query)
      const { items, total } = await assets.list(request.account, page, filter, request.origin())
      return { data: items.map(presented), page_info: pageInfo(page, total) }
    },
  )

  app.get(
    '/assets/:asset_id',
    {
      schema: {
        operationId: 'retrieve-asset',
        summary: 'Retrieve an asset, with a fresh URL of its content',
        tags,
        params: AssetParams,
        response: { 200: ref(Asset), ...errors(400, 401, 404, 500, 503) },
      },
    },
    async (request) =>
      presented(await assets.find(request.account, request.params.asset_id, request.origin())),
  )

  app.delete(
    '/assets/:asset_id',
    {
      schema: {
        operationId: 'delete-asset',
        summary: 'Delete an asset; an upload still active is aborted',
        tags,
        params: AssetParams,
        querystring: DeleteAssetQuery,
        response: { 204: Type.Null(), ...errors(400, 401, 404, 409, 500, 503) },
      },
    },
    async (request, reply) => {
      await assets.remove(request.account, request.params.asset_id)
      return reply.status(204).send(null)
    },
  )

  for (const [method, kind, summary] of [
    ['PUT', 'replace', 'Replace all key-value pairs of an asset'],
    ['PATCH', 'merge', 'Change some key-value pairs of an asset; null removes one'],
  ] as const) {
    app.route({
      method,
      url: '/assets/:asset_id/user-metadata',
      schema: {
        operationId: `${kind}-user-metadata`,
        summary,
        tags,
        params: AssetParams,
        body: ref(UserMetadataRequest),
        response: { 204: Type.Null(), ...errors(400, 401, 404, 413, 500, 503) },
      },
      handler: async (request, reply) => {
        const change = { kind, values: request.body.user_metadata }
        await assets.changeUserMetadata(request.account, request.params.asset_id, change)
        return reply.status(204).send(null)
      },
    })
  }

  app.delete(
    '/assets/:asset_id/user-metadata',
    {
      schema: {
        operationId: 'clear-user-metadata',
        summary: 'Remove all key-value pairs of an asset',
        tags,
        params: AssetParams,
        response: { 204: Type.Null(), ...errors(400, 401, 404, 500, 503) },
      },
    },
    async (request, reply) => {
      const change = { kind: 'replace', values: {} } as const
      await assets.changeUserMetadata(request.account, request.params.asset_id, change)
      return reply.status(204).send(null)
    },
  )
}

/** What the official API derives from assets with its models, and Partway does not. */
const DERIVED = {
  transcription: 'transcription',
  'indexed-assets': 'indexed assets',
  entities: 'entities',
}

/** Contract section 3: A8 and A9. Answered as for an asset that has none. */
export function derivedRoutes(app: App): void {
  for (const [path, what] of Object.entries(DERIVED)) {
    app.get(
      `/assets/:asset_id/${path}`,
      { schema: { hide: true, params: AssetParams } },
      async ({ params }) => {
        throw new PartwayError(
          'resource_not_exist',
          `Asset \`${params.asset_id}\` has no ${what}: Partway stores media and runs no models.`,
        )
      },
    )
  }
}

function filterOf({ asset_ids, asset_types, filename }: ListAssetsQuery): AssetFilter {
  return {
    ...(asset_ids ? { ids: asset_ids } : {}),
    ...(asset_types ? { types: asset_types } : {}),
    ...(filename ? { filename } : {}),
  }
}
