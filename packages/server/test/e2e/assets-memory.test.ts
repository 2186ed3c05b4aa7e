import { existsSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settled } from '../support/assets-create.ts'
import { endless, peakMemory, sendChunked } from '../support/assets-memory.ts'
import { makeMp4, skipsMedia } from '../support/media.ts'
import { startProgram, temporaryFolder } from '../support/program.ts'
import { MiB } from '../support/program-api.ts'
import { fetchSha256 } from '../support/program-files.ts'

const SIZE = 2048 * MiB
const MOST_WHILE_SENDING = 200 * MiB
/** Pieces that were read are left to the garbage collector, which lets some gather first. */
const MOST_WHILE_READING = 300 * MiB

const { bavail, bsize } = await statfs(tmpdir())
const hasRoom = bavail * bsize > SIZE + 512 * MiB
const skips = skipsMedia || !existsSync('/proc/self/status') || (!hasRoom && !process.env.CI)

describe('memory', () => {
  it.skipIf(skips)(
    'a file of 2 GiB of unknown length comes and goes in little memory (needs ffmpeg, /proc and 2.5 GiB of disk)',
    async () => {
      await using folder = await temporaryFolder()
      const path = join(folder.path, 'film.mp4')
      makeMp4(path)
      const film = endless(await readFile(path), SIZE)
      await using server = await startProgram({ data: join(folder.path, 'data') })
      const peak = () => peakMemory(server.process.pid!)

      const { _id: id } = await sendChunked(server, 'long.mp4', film.content())
      const afterSending = await peak()
      const asset = await settled(server, id)
      const received = await fetchSha256(asset.url!)
      const afterReading = await peak()

      expect(afterSending).toBeLessThan(MOST_WHILE_SENDING)
      expect(afterReading).toBeLessThan(MOST_WHILE_READING)
      expect(asset).toMatchObject({ status: 'ready', size: SIZE, file_type: 'video/mp4' })
      expect(asset.duration).toBeCloseTo(2, 1)
      expect(received).toBe(film.sha256())
    },
  )
})
