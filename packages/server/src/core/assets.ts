import { PartwayError } from '@partway/protocol'
import { isPlaylist, MANIFEST_FILE, THUMBNAIL_FILE } from './files.ts'
import { type ContentLinks, fileNotFound } from './links.ts'
import type { ChunkStore, Clock, Metadata, ReadContext } from './ports.ts'
import type { Asset, AssetFilter, Page, PageRequest, SealedObject } from './types.ts'
import { notFound } from './upload-state.ts'
import type { UserMetadataChange } from './user-metadata.ts'

export interface AssetDeps {
  metadata: Metadata
  store: ChunkStore
  links: ContentLinks
  clock: Clock
  /** Readers are sent straight to the store where it can serve them. */
  redirect: boolean
}

/** An asset with fresh URLs of what there is to fetch, and how far the fetching of it has come. */
export interface LinkedAsset {
  asset: Asset
  url: string | undefined
  manifestUrl: string | undefined
  thumbnailUrl: string | undefined
  fetchedSize: number | undefined
}

/** A sealed asset, or a file made from it, and how to read it. */
export interface Content {
  asset: Asset
  size: number
  etag: string
  /** Bytes `start` to `end` (inclusive). */
  read(start: number, end: number): AsyncIterable<Uint8Array>
  /** A URL at which the store itself serves them; absent where the bytes come from us. */
  locate?: (shown: Omit<ReadContext, 'expiresAt'>) => Promise<string>
}

export type Assets = ReturnType<typeof createAssets>

export function createAssets({ metadata, store, links, clock, redirect }: AssetDeps) {
  /** With fresh URLs below `origin`. */
  async function link(asset: Asset, origin: string): Promise<LinkedAsset> {
    const { id, object, hls, thumbnail } = asset
    const fetching = asset.method === 'url' && asset.state === 'processing' && !object
    const fileUrl = (name: string) => links.fileUrl(id, name, origin)
    return {
      asset,
      url: object && links.url(id, origin),
      manifestUrl: hls?.state === 'ready' ? fileUrl(MANIFEST_FILE) : undefined,
      thumbnailUrl: thumbnail?.state === 'ready' ? fileUrl(THUMBNAIL_FILE) : undefined,
      fetchedSize: fetching ? (await metadata.findIngest(id))?.uploadedSize : undefined,
    }
  }

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
    return { items: await Promise.all(items.map((asset) => link(asset, origin))), total }
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
    if (!(await metadata.changeUserMetadata(account, id, change, clock())))
      throw notFound(id, 'assets')
  }

  /** The content that a signed URL (path and query) gives access to. */
  async function content(url: string): Promise<Content> {
    const { assetId, expiresAt, stream } = links.verify(url)
    const { asset, object } = await sealed(assetId)
    const { ref, etag } = object
    return {
      ...{ asset, etag, size: asset.size },
      read: (start, end) => store.open(ref, { start, end }),
      ...(stream ? {} : locatable(ref, undefined, expiresAt)),
    }
  }

  function locatable(
    ref: string,
    name: string | undefined,
    expiresAt: number,
  ): Pick<Content, 'locate'> {
    const { presignRead } = store
    if (!redirect || !presignRead) return {}
    return { locate: (shown) => presignRead(ref, name, { ...shown, expiresAt }) }
  }

  /** The file made from an asset that a signed URL (path and query) gives access to. */
  async function file(url: string): Promise<Content & { name: string }> {
    const { assetId, name, expiresAt } = links.verifyFile(url)
    const { asset, object } = await sealed(assetId)
    const found = await store.findFile(object.ref, name)
    if (!found) throw fileNotFound()
    const { size, open } = found
    const etag = found.etag ?? `${object.etag}-${name}-${size}`
    return {
      ...{ asset, name, size, etag },
      read: (start, end) => open({ start, end }),
      // The names in a playlist are relative to it and must lead back to us.
      ...(isPlaylist(name) ? {} : locatable(object.ref, name, expiresAt)),
    }
  }

  async function sealed(assetId: string): Promise<{ asset: Asset; object: SealedObject }> {
    const asset = await metadata.findSealedAsset(assetId)
    if (!asset?.object) {
      throw new PartwayError('not_found', 'The asset of this URL does not exist any more.')
    }
    return { asset, object: asset.object }
  }

  return { link, find, list, remove, changeUserMetadata, content, file }
}
