import { describe } from 'vitest'
import { skipsMedia } from '../support/media.ts'
import { badFilesSuite } from './media-bad-files.ts'
import { sourcesSuite } from './media-sources.ts'
import { streamsSuite } from './media-streams.ts'
import { type Engine, useInspector } from './media-world.ts'

/** What holds for `inspect` whoever reads video and audio. */
export function inspectSuite(engine: Engine): void {
  const world = useInspector(engine)

  describe.skipIf(skipsMedia)('video and audio (needs ffmpeg)', () => streamsSuite(engine, world))
  describe.skipIf(skipsMedia)('bad files (needs ffmpeg)', () => badFilesSuite(engine, world))
  describe.skipIf(skipsMedia)('sources that fail (needs ffmpeg)', () => sourcesSuite(engine, world))
}
