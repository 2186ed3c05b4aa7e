/** What is at the URL of a manifest, all of it fetched. */
export interface FetchedHls {
  /** Of every file by its name, in the order of the playlists. */
  files: Map<string, number>
  /** The sum of all EXTINF, in seconds. */
  duration: number
}

/** Follows a manifest to its last segment; fails when anything is missing. */
export async function fetchHls(manifestUrl: string): Promise<FetchedHls> {
  const files = new Map<string, number>()
  let duration = 0

  async function follow(url: string): Promise<void> {
    const response = await fetch(url)
    const name = new URL(url).pathname.split('/').at(-1)!
    if (!response.ok) throw new Error(`${name}: ${response.status}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    files.set(name, bytes.byteLength)
    if (!name.endsWith('.m3u8')) return
    for (const line of bytes.toString().split('\n')) {
      duration += Number(/^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? 0)
      const named = /^#EXT-X-MAP:URI="(.+)"/.exec(line)?.[1] ?? (line.startsWith('#') ? '' : line)
      if (named) await follow(new URL(named, url).href)
    }
  }

  await follow(manifestUrl)
  return { files, duration }
}
