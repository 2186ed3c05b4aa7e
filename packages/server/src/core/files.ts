/** The names that files made from an asset may have: ours alone, flat, and safe in any path. */
const FILE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}\.(m3u8|m4s|mp4|jpg)$/

export const isFileName = (name: string): boolean => FILE_NAME.test(name)

export const isPlaylist = (name: string): boolean => name.endsWith('.m3u8')

/** What players ask for first. */
export const MANIFEST_FILE = 'manifest.m3u8'
export const THUMBNAIL_FILE = 'thumbnail.jpg'
