import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendFile, settled } from '../support/assets-create.ts'
import { fetchHls } from '../support/assets-hls.ts'
import { CHROMIUM, openPlayerPage, type PlayerPage } from '../support/assets-play.ts'
import { skipsMedia } from '../support/media.ts'
import { ffmpeg } from '../support/media-samples.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { probe } from '../support/renditions.ts'

/** Not in CI: there they fail. */
const skips = skipsMedia || (!CHROMIUM && !process.env.CI)

const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=25:duration=8']
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=8']
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50']
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8']

const FILMS = {
  'h264-aac.mp4': [...picture, ...sound, ...h264, '-c:a', 'aac'],
  'vp9-opus.webm': [...picture, ...sound, ...vp9, '-pix_fmt', 'yuv420p', '-c:a', 'libopus'],
} as const
const SOUNDS = { 'song.mp3': [...sound, '-c:a', 'libmp3lame'] } as const

describe.skipIf(skips)('HLS in Chromium, from another origin (needs ffmpeg and chromium)', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let player: PlayerPage
  let server: Program

  beforeAll(async () => {
    folder = await temporaryFolder()
    player = await openPlayerPage()
    const env = { PARTWAY_CORS_ORIGINS: player.origin }
    server = await startProgram({ data: join(folder.path, 'data'), env })
  })
  afterAll(async () => {
    await server?.kill()
    await player?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** Makes a file and a stream of it, and plays that for more than a second. */
  async function watch(name: string, recipe: readonly string[]) {
    const path = join(folder.path, name)
    await ffmpeg(...recipe, path)
    const { format } = await probe(path)
    const content = await readFile(path)
    const id = await sendFile(server, { name, content }, { enable_hls: 'true' })
    const asset = await settled(server, id)
    expect(asset).toMatchObject({ status: 'ready', hls: { status: 'ready' } })
    const manifestUrl = asset.hls!.manifest_url!
    const screenshot = join(folder.path, `${name}.png`)
    const played = await player.play(manifestUrl, 1, screenshot)
    return { asset, played, seconds: Number(format.duration), screenshot, manifestUrl }
  }

  it.each(Object.entries(FILMS))('plays %s and shows its picture', async (name, recipe) => {
    const { asset, played, seconds, screenshot, manifestUrl } = await watch(name, recipe)

    expect(played.currentTime).toBeGreaterThan(1)
    expect(Math.abs(played.duration - seconds)).toBeLessThan(0.1)
    expect(Math.abs((await fetchHls(manifestUrl)).duration - seconds)).toBeLessThan(0.1)
    expect(Math.abs(asset.duration! - seconds)).toBeLessThan(0.1)
    expect(played).toMatchObject({ width: 320, height: 240 })
    // A test card has both.
    expect(played.brightness).toBeGreaterThan(30)
    expect(played.contrast).toBeGreaterThan(30)
    expect((await readFile(screenshot)).byteLength).toBeGreaterThan(1000)
  })

  it.each(Object.entries(SOUNDS))('plays %s, which has no picture', async (name, recipe) => {
    const { asset, played, seconds, manifestUrl } = await watch(name, recipe)

    expect(played.currentTime).toBeGreaterThan(1)
    expect(Math.abs(played.duration - seconds)).toBeLessThan(0.1)
    expect(Math.abs((await fetchHls(manifestUrl)).duration - seconds)).toBeLessThan(0.1)
    expect(Math.abs(asset.duration! - seconds)).toBeLessThan(0.1)
    expect(played).toMatchObject({ width: 0, height: 0 })
  })

  it('does not play on a page whose origin was not let in', async () => {
    await using stranger = await openPlayerPage()
    const { manifestUrl } = await watch('plain.mp3', SOUNDS['song.mp3'])

    const playing = stranger.play(manifestUrl, 1, join(folder.path, 'stranger.png'))

    await expect(playing).rejects.toThrow('manifestLoadError')
  })
})
