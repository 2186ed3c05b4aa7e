import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RENDITIONS, sendFile, settled } from '../support/assets-create.ts'
import { skipsMedia } from '../support/media.ts'
import { ffmpeg } from '../support/media-samples.ts'
import { startProgram, temporaryFolder } from '../support/program.ts'

/** How many runs of ffmpeg read from one of these servers right now. */
function running(urls: string[]): number {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  const reads = (line: string) => /^\S*ffmpeg /.test(line) && urls.some((url) => line.includes(url))
  return stdout.split('\n').filter(reads).length
}

describe.skipIf(skipsMedia)('two servers on one data folder (needs ffmpeg)', () => {
  it('share the work, each one asset at a time, and do all of it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'film.mp4')
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=24:duration=8', '-c:v', 'mpeg4', path],
    )
    const content = await readFile(path)
    const env = { PARTWAY_PROCESSES: '1' }
    const data = join(folder.path, 'data')
    await using first = await startProgram({ data, env })
    await using second = await startProgram({ data, env })
    const servers = [first, second]

    const ids: string[] = []
    for (let i = 0; i < 8; i++) {
      ids.push(await sendFile(servers[i % 2]!, { name: `${i}.mp4`, content }, RENDITIONS))
    }
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, running(servers.map(({ url }) => url)))
    }, 50)
    // Each asset by way of the other server.
    const assets = await Promise.all(
      ids.map((id, i) => settled(servers[(i + 1) % 2]!, id, 110_000)),
    )
    clearInterval(watch)

    for (const asset of assets) {
      expect(asset).toMatchObject({
        ...{ status: 'ready', hls: { status: 'ready' }, thumbnail: { status: 'ready' } },
      })
      expect((await fetch(asset.hls!.manifest_url!)).status).toBe(200)
    }
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(2)
  })
})
