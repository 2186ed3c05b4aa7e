import { isFileName } from '../../core/files.ts'

/**
 * The keys of a bucket, all below one prefix:
 *
 *     objects/<asset id>          the bytes of an asset; before that, its multipart upload
 *     files/<asset id>/<name>     what was made from it, such as thumbnail.jpg
 */
export type Keys = ReturnType<typeof createKeys>

/** @param prefix empty, or a path that ends with a slash */
export function createKeys(prefix: string) {
  const filesOf = (ref: string) => `${prefix}files/${checked(ref)}/`

  return {
    object: (ref: string) => `${prefix}objects/${checked(ref)}`,
    filesOf,
    file(ref: string, name: string): string {
      if (!isFileName(name)) throw new TypeError(`not a file name of ours: ${JSON.stringify(name)}`)
      return filesOf(ref) + name
    },
  }
}

/** Only ids that the server made ever become keys. */
function checked(id: string): string {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new TypeError(`not an id: ${JSON.stringify(id)}`)
  return id
}
