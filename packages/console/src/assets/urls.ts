import type { Asset } from '@partway/protocol'
import { useReducer, useRef } from 'preact/hooks'
import { useSession } from '../api/use.ts'

export type Urls = Record<'hls' | 'file' | 'poster', string | undefined>

export interface KeptUrls {
  urls: Urls
  /** Which fresh ones these are, from 0. */
  turn: number
  /**
   * Puts fresh ones in their place. Resolves to `false` where that leads nowhere: these were fresh.
   *
   * @throws UploadError when the server cannot be asked
   */
  renew(): Promise<boolean>
}

/** What fails again so soon does not fail for the age of its URL; in milliseconds. */
const FRESH_MS = 60_000

/**
 * The first URL of each kind that was known of an asset, which stays the same one: every answer signs
 * them anew, and what plays must not begin again for that. They expire while a page is open for long.
 */
export function useKeptUrls(asset: Asset): KeptUrls {
  const { client } = useSession()
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const kept = useRef({ urls: urlsOf(asset), turn: 0, renewedAt: Number.NEGATIVE_INFINITY })
  const { urls, turn } = kept.current
  const now = urlsOf(asset)
  for (const name of Object.keys(urls) as (keyof Urls)[]) urls[name] ??= now[name]

  async function renew(): Promise<boolean> {
    const fresh = await client.assets.retrieve(asset._id).catch((error) => {
      // What fails without a server says nothing about its URLs.
      kept.current.renewedAt = Number.NEGATIVE_INFINITY
      throw error
    })
    const renewedAt = performance.now()
    if (renewedAt - kept.current.renewedAt < FRESH_MS) return false
    kept.current = { urls: urlsOf(fresh), turn: turn + 1, renewedAt }
    redraw(undefined)
    return true
  }
  return { urls, turn, renew }
}

const urlsOf = ({ hls, url, thumbnail }: Asset): Urls => ({
  hls: hls?.manifest_url,
  file: url,
  poster: thumbnail?.representative_url,
})
