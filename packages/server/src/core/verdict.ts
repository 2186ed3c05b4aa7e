import type { AssetType, TechnicalMetadata } from '@partway/protocol'
import type { AssetChanges, Inspection } from './ports.ts'
import type { Asset } from './types.ts'

/** Why nothing is made of an asset. */
export const ASSET_FAILED = 'The asset itself failed.'

/** What becomes of an asset whose content was looked at. */
export function verdict(asset: Asset, found: Inspection): AssetChanges {
  const { mimeType, duration, technicalMetadata, problem } = found
  const seen = { mimeType, duration, technicalMetadata }
  const failed = (reason: string): AssetChanges => ({ ...seen, state: 'failed', reason })

  if (mimeType === undefined) {
    return failed(problem ?? `The content is not recognised as ${asset.type}.`)
  }
  const kind = kindOf(mimeType, technicalMetadata)
  // Told first: whoever declared a film and sent a picture need not read what ails the picture.
  const declared = asset.method === 'multipart'
  if (declared && kind && !fits(kind, asset.type, technicalMetadata)) {
    return failed(
      asset.type === 'video' && kind === 'audio'
        ? 'The file has sound but no video.'
        : `The content is ${mimeType}, not ${asset.type}.`,
    )
  }
  if (problem !== undefined) return failed(problem)
  if (!kind) return failed('The file has neither video nor sound.')
  return { ...seen, state: 'ready', reason: undefined, ...(declared ? {} : { type: kind }) }
}

/** What a MIME type stands for. Containers hold video, sound or both: their streams tell which. */
function kindOf(mimeType: string, found: TechnicalMetadata = {}): AssetType | undefined {
  if (mimeType.startsWith('image/')) return 'image'
  if (mimeType.startsWith('text/') || mimeType === 'application/pdf') return 'document'
  if (found.total_video_streams) return 'video'
  if (found.total_audio_streams) return 'audio'
  return undefined
}

/** The best guess from a MIME type alone; `undefined`: nothing we take. */
export function likelyKind(mimeType: string): AssetType | undefined {
  if (mimeType.startsWith('audio/')) return 'audio'
  if (mimeType.startsWith('video/') || OTHER_CONTAINERS.has(mimeType)) return 'video'
  return kindOf(mimeType)
}

const OTHER_CONTAINERS = new Set(['application/ogg', 'application/mxf', 'application/vnd.ms-asf'])

function fits(kind: AssetType, declared: AssetType, found: TechnicalMetadata): boolean {
  if (kind === declared) return true
  return declared === 'audio' && kind === 'video' && Boolean(found.total_audio_streams)
}
