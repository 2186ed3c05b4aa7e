import type { AssetType } from './schemas/assets.ts'

const EXTENSIONS: Record<AssetType, string> = {
  video: '3g2 3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv',
  audio: 'aac aif aiff amr flac m4a mka mp3 oga ogg opus wav weba wma',
  image: 'avif bmp gif heic heif jpeg jpg png tif tiff webp',
  document: 'markdown md pdf txt',
}

const TYPE_OF = new Map(
  (Object.entries(EXTENSIONS) as [AssetType, string][]).flatMap(([type, list]) =>
    list.split(' ').map((extension) => [extension, type] as const),
  ),
)

/** What a file probably is by the extension of its name, whatever its case. */
export function typeOfFilename(filename: string): AssetType | undefined {
  const dot = filename.lastIndexOf('.')
  return dot === -1 ? undefined : TYPE_OF.get(filename.slice(dot + 1).toLowerCase())
}
