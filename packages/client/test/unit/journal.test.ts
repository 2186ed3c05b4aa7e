import { appendFile, mkdtemp, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fileJournals, stateFolder } from '../../src/node/journals.ts'
import { createJournal, type JournalKey } from '../../src/upload/journal.ts'

const KEY: JournalKey = {
  ...{ server: 'http://x/v1.3', account: 'abc', name: 'film.mp4', size: 30, modified: 5 },
  wishes: '[]',
}
const UPLOAD = {
  ...{ uploadId: 'u', assetId: 'a', plan: { totalSize: 30, chunkSize: 10, totalChunks: 3 } },
}

describe('a journal in a file', () => {
  let folder: string
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'partway-journal-')), 'deep', 'er')
  })
  const open = (change: Partial<JournalKey> = {}) =>
    fileJournals(folder).open({ ...KEY, ...change })
  const journalFile = async () =>
    join(folder, (await readdir(folder)).find((name) => name.endsWith('.jsonl'))!)

  it('is empty at first, and remembers everything', async () => {
    const first = await open()
    expect(first.entry).toBeUndefined()
    await first.start(UPLOAD)
    await first.begun(1)
    await first.begun(2)
    await first.stored(1, { etag: 'e', sha256: 's' })
    await first.close()
    const second = await open()
    expect(second.entry).toEqual({
      ...UPLOAD,
      ...{ stored: new Map([[1, { etag: 'e', sha256: 's' }]]), begun: new Set([1, 2]) },
    })
    expect(second.entry).toEqual(first.entry)
    await second.close()
  })

  it('is forgotten when it is told to, or started afresh', async () => {
    const first = await open()
    await first.start(UPLOAD)
    await first.begun(1)
    await first.start({ ...UPLOAD, uploadId: 'v' })
    await first.close()
    const second = await open()
    expect(second.entry).toMatchObject({ uploadId: 'v', begun: new Set() })
    await second.forget()
    await second.close()
    expect((await open()).entry).toBeUndefined()
  })

  it.each([
    { server: 'http://y/v1.3' },
    { account: 'abd' },
    { name: 'film2.mp4' },
    { size: 31 },
    { modified: 6 },
    { wishes: '[1]' },
  ])('is of one file only: not with %j', async (change) => {
    const first = await open()
    await first.start(UPLOAD)
    expect((await open(change)).entry).toBeUndefined()
  })

  it('is open once at a time', async () => {
    const first = await open()
    await expect(open()).rejects.toMatchObject({ code: 'upload_in_progress' })
    await first.close()
    await (await open()).close()
  })

  it('is free when the process that had it is gone', async () => {
    const first = await open()
    await first.start(UPLOAD)
    const lock = `${await journalFile()}.lock`
    expect(await readFile(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} `))
    for (const owner of ['999999999', '', 'nonsense', '-1', '0']) {
      await writeFile(lock, owner)
      const next = await open()
      expect(next.entry).toMatchObject(UPLOAD)
      await next.close()
    }
  })

  it('is free when nobody has touched the lock for long, whoever has its number by now', async () => {
    const first = await open()
    await first.start(UPLOAD)
    const lock = `${await journalFile()}.lock`
    await writeFile(lock, `${process.ppid} x`)
    await expect(open()).rejects.toMatchObject({ code: 'upload_in_progress' })
    const longAgo = new Date(Date.now() - 61_000)
    await utimes(lock, longAgo, longAgo)
    const next = await open()
    expect(next.entry).toMatchObject(UPLOAD)
    await next.close()
  })

  it('is touched while it is open, and then no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const first = await open()
      await first.start(UPLOAD)
      const lock = `${await journalFile()}.lock`
      const longAgo = new Date(Date.now() - 61_000)
      await utimes(lock, longAgo, longAgo)
      vi.advanceTimersByTime(10_000)
      await expect.poll(async () => Date.now() - (await stat(lock)).mtimeMs).toBeLessThan(30_000)
      await first.close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('goes to one of many that come at once', async () => {
    const opened = await Promise.allSettled(Array.from({ length: 10 }, () => open()))
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('bears a last line that was cut off, and other dirt', async () => {
    const first = await open()
    await first.start(UPLOAD)
    await first.stored(1, { etag: 'e', sha256: undefined })
    await first.close()
    await appendFile(await journalFile(), '{"kind":"stored","ind')
    const second = await open()
    expect(second.entry?.stored.size).toBe(1)
    await second.stored(2, { etag: 'f', sha256: 's' })
    await second.close()
    expect([...((await open()).entry?.stored.keys() ?? [])]).toEqual([1, 2])
  })

  it('goes to one of many that find the same dead lock', async () => {
    const first = await open()
    await first.start(UPLOAD)
    await writeFile(`${await journalFile()}.lock`, '999999999')
    const opened = await Promise.allSettled(Array.from({ length: 10 }, () => open()))
    expect(opened.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  })

  it('goes after a week', async () => {
    const first = await open()
    await first.start(UPLOAD)
    await first.close()
    const old = new Date(Date.now() - 8 * 24 * 3_600_000)
    await utimes(await journalFile(), old, old)
    await (await open({ name: 'other' })).close()
    expect((await open()).entry).toBeUndefined()
  })
})

it('a journal that cannot be written remembers all the same', async () => {
  const full = async () => {
    throw new Error('ENOSPC: no space left on device')
  }
  const journal = createJournal(undefined, full, { forget: async () => {}, close: async () => {} })
  await journal.start(UPLOAD)
  await journal.begun(1)
  await journal.stored(2, { etag: 'e', sha256: 's' })
  expect(journal.entry).toEqual({
    ...UPLOAD,
    ...{ stored: new Map([[2, { etag: 'e', sha256: 's' }]]), begun: new Set([1]) },
  })
})

it('the state folder is where XDG says', () => {
  expect(stateFolder({ XDG_STATE_HOME: '/s' })).toBe('/s/partway')
  expect(stateFolder({})).toMatch(/\.local\/state\/partway$/)
})
