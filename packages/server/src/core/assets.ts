import { PartwayError } from '@partway/protocol'
import type { ContentLinks } from './links.ts'
import type { ChunkStore, Clock, Metadata } from './ports.ts'
import type { Asset, AssetFilter, Page, PageRequest } from './types.ts'
import { notFound } from './upload-state.ts'
import type { UserMetadataChange } from './user-metadata.ts'

export interface AssetDeps {
  metadata: Metadata
  store: ChunkStore
  links: ContentLinks
  clock: Clock
}

/** An asset with a fresh URL, once there is content to fetch. */
export type LinkedAsset = Asset & { url: string | undefined }

/** A sealed asset and how to read it. */
export interface Content {
  asset: Asset
  etag: string
  /** Bytes `start` to `end` (inclusive). */
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

export type Assets = ReturnType<typeof createAssets>

export function createAssets({ metadata, store, links, clock }: AssetDeps) {
  const link = (asset: Asset, origin: string): LinkedAsset => ({
    ...asset,
    url: asset.object && links.url(asset.id, origin),
  })

  async function find(account: string, id: string, origin: string): Promise<LinkedAsset> {
    const asset = await metadata.findAsset(account, id)
    if (!asset) throw notFound(id, 'assets')
    return link(asset, origin)
  }

  async function list(
    account: string,
    page: PageRequest,
    filter: AssetFilter,
    origin: string,
  ): Promise<Page<LinkedAsset>> {
    const { items, total } = await metadata.listAssets(account, page, filter)
    return { items: items.map((asset) => link(asset, origin)), total }
  }

  /** Hides the asset at once and ends its upload; its bytes are freed after the grace period. */
  async function remove(account: string, id: string): Promise<void> {
    if (!(await metadata.deleteAsset(account, id, 'The asset was deleted.', clock()))) {
      throw notFound(id, 'assets')
    }
  }

  async function changeUserMetadata(
    account: string,
    id: string,
    change: UserMetadataChange,
  ): Promise<void> {
    if (!(await metadata.changeUserMetadata(account, id, change))) throw notFound(id, 'assets')
  }

  /** The content that a signed URL (path and query) gives access to. */
  async function content(url: string): Promise<Content> {
    const asset = await metadata.findSealedAsset(links.verify(url))
    if (!asset?.object) {
      throw new PartwayError('not_found', 'The asset of this URL does not exist any more.')
    }
    const { ref, etag } = asset.object
    return { asset, etag, read: (start, end) => store.open(ref, { start, end }) }
  }

  return { find, list, remove, changeUserMetadata, content }
}
