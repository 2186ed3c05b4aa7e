import {
  Asset,
  AssetList,
  AssetParams,
  DeleteAssetQuery,
  PageQuery,
  ref,
} from '@partway/protocol/schemas'
import { Type } from 'typebox'
import type { Assets } from '../core/assets.ts'
import { errors, pageRequest } from './common.ts'
import { pageInfo, asset as presented } from './present.ts'
import type { App } from './types.ts'

const tags = ['Assets']

/** Contract section 3: A2 to A4. */
export function assetRoutes(app: App, assets: Assets): void {
  app.get(
    '/assets',
    {
      schema: {
        operationId: 'list-assets',
        summary: 'List assets, newest first',
        tags,
        querystring: PageQuery,
        response: { 200: ref(AssetList), ...errors(400, 401, 500, 503) },
      },
    },
    async (request) => {
      const page = pageRequest(request.query)
      const { items, total } = await assets.list(request.account, page, request.origin())
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
}
