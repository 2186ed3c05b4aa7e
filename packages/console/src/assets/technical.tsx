import type { TechnicalMetadata } from '@partway/protocol'
import { technicalFacts } from '../lib/technical.ts'
import { Facts } from '../ui/pieces.tsx'

/** What the file itself says; the streams in a part of their own. */
export function TechnicalSection({ metadata }: { metadata: TechnicalMetadata | undefined }) {
  if (!metadata) return null
  const { video_streams: video = [], audio_streams: audio = [], ...rest } = metadata
  const groups: [title: string, fields: object][] = [
    ...video.map((stream, i): [string, object] => [numbered('Video', i, video.length), stream]),
    ...audio.map((stream, i): [string, object] => [numbered('Audio', i, audio.length), stream]),
  ]
  return (
    <section class="card technical" aria-labelledby="technical-title">
      <h2 id="technical-title">Technical metadata</h2>
      <Facts facts={technicalFacts(rest)} />
      {groups.map(([title, fields]) => (
        <details key={title}>
          <summary>{title} stream</summary>
          <Facts facts={technicalFacts(fields)} />
        </details>
      ))}
    </section>
  )
}

const numbered = (name: string, index: number, of: number) =>
  of > 1 ? `${name} ${index + 1}` : name
