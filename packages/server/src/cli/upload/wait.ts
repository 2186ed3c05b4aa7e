import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, UploadError } from '@partway/client/node'
import type { Asset } from '@partway/protocol'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000
/** A server that is restarted while we wait is waited for. */
const PATIENCE_MS = 120_000

/** The asset once nothing of it is being made any more. @throws the reason of `signal` */
export async function waitUntilMade(
  { assets }: Pick<Client, 'assets'>,
  assetId: string,
  signal: AbortSignal,
): Promise<Asset> {
  let answered = performance.now()
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    try {
      const asset = await assets.retrieve(assetId, signal)
      answered = performance.now()
      if (isMade(asset)) return asset
    } catch (error) {
      signal.throwIfAborted()
      const again = error instanceof UploadError && error.retryable
      if (!again || performance.now() - answered > PATIENCE_MS) throw error
    }
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

const isMade = ({ status, hls, thumbnail }: Asset): boolean =>
  status === 'failed' ||
  (status === 'ready' &&
    [hls, thumbnail].every((made) => !made || /^(ready|error)$/.test(made.status)))

/** What was asked for and could not be made of an asset that is ready. */
export function missing({ hls, thumbnail }: Asset): string | undefined {
  const reasons = [
    ...(hls?.status === 'error' ? [`The HLS stream was not made: ${hls.error?.message}`] : []),
    ...(thumbnail?.status === 'error'
      ? [`The thumbnail was not made: ${thumbnail.error?.message}`]
      : []),
  ]
  return reasons.length === 0 ? undefined : reasons.join(' ')
}
