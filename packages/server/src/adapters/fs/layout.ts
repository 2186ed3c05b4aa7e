import { join } from 'node:path'

/**
 * The folders of a file store:
 *
 *     uploads/<upload id>/<index>.<sha256>        a complete body of a chunk
 *     uploads/<upload id>/<index>.<random>.tmp    a body that is still arriving
 *     objects/<asset id>/…                        the same folder after it was sealed, and
 *     objects/<asset id>/manifest.json            which bodies make up the file
 *     files/<asset id>/<name>                     what was made from it, such as thumbnail.jpg
 *
 * Names are records: a body that bears its name is complete and durable.
 */
export interface Layout {
  root: string
  uploads: string
  objects: string
  files: string
  upload(storeRef: string): string
  object(ref: string): string
  filesOf(ref: string): string
}

export const MANIFEST = 'manifest.json'

export function createLayout(root: string): Layout {
  const uploads = join(root, 'uploads')
  const objects = join(root, 'objects')
  const files = join(root, 'files')
  return {
    root,
    uploads,
    objects,
    files,
    upload: (storeRef) => join(uploads, checked(storeRef)),
    object: (ref) => join(objects, checked(ref)),
    filesOf: (ref) => join(files, checked(ref)),
  }
}

/** An ETag that can be one of ours. Anything else a client sends must not come near a path. */
export const isDigest = (etag: string): boolean => /^[0-9a-f]{64}$/.test(etag)

export function bodyName(index: number, sha256: string): string {
  if (!isDigest(sha256)) throw new TypeError(`not a digest: ${JSON.stringify(sha256)}`)
  return `${index}.${sha256}`
}

/** The index in the name of a complete body; `undefined` for every other name. */
export function indexOfBody(name: string): number | undefined {
  const match = /^(\d+)\.[0-9a-f]{64}$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** Only ids that the server made ever become paths. */
function checked(id: string): string {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new TypeError(`not an id: ${JSON.stringify(id)}`)
  return id
}
