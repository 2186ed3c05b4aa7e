import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { runDoctor } from '../support/doctor.ts'
import { skipsMedia } from '../support/media.ts'
import { runProgram, startProgram, temporaryFolder } from '../support/program.ts'

describe('partway doctor on one machine', () => {
  it('is content before the first start, and makes nothing', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'new', 'data')
    const { code, names } = await runDoctor({ PARTWAY_DATA: data })
    expect(code).toBe(0)
    expect(names('failed')).toEqual([])
    expect(await readdir(folder.path)).toEqual([])
  })

  it('is content beside a running server, and leaves the folder as it was', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: folder.path })
    const before = await readdir(join(folder.path, 'store'))
    const { code, check } = await runDoctor({
      ...{ PARTWAY_DATA: folder.path, PARTWAY_PUBLIC_URL: server.url },
    })
    expect(code).toBe(0)
    expect(check('server').found).toBe(`${server.url}/ready answers: ready`)
    expect(check('signing keys').found).toBe(`kept in ${join(folder.path, 'signing.key')}`)
    expect(check('database').found).toContain('with a write-ahead log')
    expect(check('migrations').outcome).toBe('ok')
    expect(check('store folder').found).toMatch(/keeps what is written; .* took \d+\.\d ms$/)
    expect(await readdir(join(folder.path, 'store'))).toEqual(before)
  })

  it('lists pending migrations and applies none', async () => {
    await using folder = await temporaryFolder()
    await runProgram(['migrate', '--data', folder.path])
    const path = join(folder.path, 'partway.db')
    const file = new DatabaseSync(path)
    file.exec(`delete from kysely_migration where name = '0003_media'`)
    file.close()
    const before = await readFile(path)

    const { code, check } = await runDoctor({ PARTWAY_DATA: folder.path })

    expect(code).toBe(0)
    expect(check('migrations')).toMatchObject({ outcome: 'warning', remedy: 'partway migrate' })
    expect(check('migrations').found).toContain('0003_media')
    expect(await readFile(path)).toEqual(before)
    expect(await readdir(folder.path)).toEqual(['partway.db'])
  })

  it('finds a file in place of a folder, and what is no database', async () => {
    await using folder = await temporaryFolder()
    const [store, database] = [join(folder.path, 'store'), join(folder.path, 'partway.db')]
    await writeFile(store, '')
    await writeFile(database, 'this is no database, whatever its name may say'.repeat(100))

    const { code, names, check } = await runDoctor({ PARTWAY_DATA: folder.path })

    expect(code).toBe(1)
    expect(names('failed')).toEqual(['database', 'store folder'])
    expect(check('database').found).toContain('file is not a database')
    expect(check('store folder').found).toBe(`${store} is not a folder`)
    expect(check('store folder').remedy).toBe(`mv ${store} ${store}.old && mkdir -m 700 ${store}`)
    expect(check('store space').outcome).toBe('skipped')
  })

  it('warns when the largest file would not fit', async () => {
    await using folder = await temporaryFolder()
    const { code, check } = await runDoctor({
      ...{ PARTWAY_DATA: folder.path, PARTWAY_MAX_VIDEO_SIZE: '5TiB' },
    })
    expect(code).toBe(0)
    expect(check('store space').found).toMatch(/less than the largest file .* \(5120\.0 GiB\)$/)
  })

  it('tells all wrong settings at once, with the exit code of bad usage', async () => {
    await using folder = await temporaryFolder()
    const { code, names, checks } = await runDoctor({
      ...{ PARTWAY_DATA: folder.path, PARTWAY_LISTEN: 'nowhere', PARTWAY_TYPO: '1' },
      PARTWAY_DATABASE_URL: 'postgres://user:a-secret-password@/',
    })
    expect(code).toBe(2)
    expect(names('failed')).toEqual(['settings', 'settings', 'settings'])
    expect(names('skipped')).toEqual(['signing keys', 'public URL', 'database', 'store'])
    expect(checks.map(({ remedy }) => remedy)).toContain('unset PARTWAY_TYPO')
    expect(JSON.stringify(checks)).not.toContain('a-secret-password')
    expect(await runProgram(['doctor', '--typo'])).toMatchObject({ code: 2, stdout: '' })
  })

  it('says what does not work without ffmpeg', async () => {
    await using folder = await temporaryFolder()
    const { code, names, check } = await runDoctor({ PARTWAY_DATA: folder.path, PATH: '' })
    expect(code).toBe(0)
    expect(names('warning')).toEqual(['ffmpeg', 'ffprobe'])
    expect(check('ffmpeg').found).toBe('not on PATH: no HLS streams, no thumbnails of video')
    expect(check('ffmpeg').remedy).toBe('apt-get install -y ffmpeg')
  })

  it.skipIf(skipsMedia)('finds everything it needs in the ffmpeg that is installed', async () => {
    await using folder = await temporaryFolder()
    const { check } = await runDoctor({ PARTWAY_DATA: folder.path })
    expect(check('ffmpeg').outcome).toBe('ok')
    expect(check('ffprobe').outcome).toBe('ok')
  })

  it('finds an ffmpeg that lacks an encoder, and one that does not run', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'bin'))
    const tool = (name: string, text: string) =>
      writeFile(join(folder.path, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    await tool('ffmpeg', 'echo ffmpeg version 9.9; echo aac mjpeg hls mp4 image2pipe framecrc http')
    await tool('ffprobe', 'echo it is broken >&2; exit 1')
    const { check } = await runDoctor({
      ...{ PARTWAY_DATA: join(folder.path, 'data'), PATH: join(folder.path, 'bin') },
    })
    expect(check('ffmpeg')).toMatchObject({ outcome: 'warning' })
    expect(check('ffmpeg').found).toContain('made without libx264, zscale, tonemap: no HLS streams')
    expect(check('ffprobe').found).toContain('does not run: it is broken')
  })

  it('asks at the public URL, and tells silence from somebody else', async () => {
    await using folder = await temporaryFolder()
    const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const env = { PARTWAY_DATA: folder.path, PARTWAY_PUBLIC_URL: url }
    const somebody = await runDoctor(env)
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
    expect(somebody).toMatchObject({ code: 1 })
    expect(somebody.check('server').found).toContain('and not by Partway')

    const nobody = await runDoctor(env)
    expect(nobody).toMatchObject({ code: 0 })
    expect(nobody.check('server')).toMatchObject({ outcome: 'warning' })
    expect(nobody.check('server').found).toContain('ECONNREFUSED')
  })

  it('warns of listening to all without a public URL', async () => {
    await using folder = await temporaryFolder()
    const { check } = await runDoctor({
      ...{ PARTWAY_DATA: folder.path, PARTWAY_LISTEN: '0.0.0.0:4100' },
    })
    expect(check('public URL')).toMatchObject({ outcome: 'warning' })
    expect(check('public URL').remedy).toContain('PARTWAY_PUBLIC_URL=')
  })

  it('finds a signing key that is none', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'signing.key'), 'short')
    const { code, check } = await runDoctor({ PARTWAY_DATA: folder.path })
    expect(code).toBe(1)
    expect(check('signing keys').found).toContain('at least 32 characters')
    expect(check('signing keys').found).not.toContain('short')
  })

  it('prints a line for each check, what to do below it, and how it all stands', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'data')
    const { code, stdout } = await runProgram(['doctor', '--data', data], { PATH: '' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^✓ Node {14}v24/)
    expect(stdout).toContain('\n! ffmpeg            not on PATH')
    expect(stdout).toContain('\n    apt-get install -y ffmpeg\n')
    expect(stdout).toMatch(/\n\nAll is well: 2 warnings\.\n$/)
    expect(existsSync(data)).toBe(false)
  })
})
