import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createJournals } from '../../src/server/move/journal.ts'
import { openMoved } from '../../src/server/move/moved.ts'
import { temporaryFolder } from '../support/program.ts'

const ID = '0123456789abcdef01234567'
const OTHER = '0123456789abcdef01234568'
const chunk = (index: number) => ({ index, etag: `etag-${index}`, md5: 'a'.repeat(32), size: 5 })

describe('the journal of an asset', () => {
  it('remembers its place, its chunks and its files', async () => {
    await using folder = await temporaryFolder()
    const journals = createJournals(join(folder.path, 'notes'), 'here')
    const journal = await journals.open(ID)
    expect(journal.storeRef).toBeUndefined()
    await journal.begin('place')
    await journal.addChunk(chunk(2))
    await journal.addChunk(chunk(1))
    await journal.addFile('thumbnail.jpg')

    const again = await createJournals(join(folder.path, 'notes'), 'here').open(ID)
    expect(again).toMatchObject({ storeRef: 'place', files: new Set(['thumbnail.jpg']) })
    expect([...again.sent.values()]).toEqual([chunk(2), chunk(1)])
    expect((await journals.open(OTHER)).storeRef).toBeUndefined()
  })

  it('passes over a line that was broken off, also when more follows', async () => {
    await using folder = await temporaryFolder()
    const journals = createJournals(folder.path, 'here')
    const journal = await journals.open(ID)
    await journal.begin('place')
    await journal.addChunk(chunk(1))
    await appendFile(join(folder.path, `${ID}.jsonl`), '{"chunk":{"index":2,"et')
    expect([...(await journals.open(ID)).sent.keys()]).toEqual([1])

    await (await journals.open(ID)).addChunk(chunk(3))
    await (await journals.open(ID)).addChunk(chunk(4))
    expect([...(await journals.open(ID)).sent.keys()]).toEqual([1, 3, 4])
  })

  it('does not count what is noted of another target', async () => {
    await using folder = await temporaryFolder()
    const journal = await createJournals(folder.path, 'here').open(ID)
    await journal.begin('place')
    await journal.addChunk(chunk(1))
    const there = await createJournals(folder.path, 'there').open(ID)
    expect(there).toMatchObject({ storeRef: undefined, sent: new Map() })
  })

  it('begins afresh with a new place, and is gone when it is forgotten', async () => {
    await using folder = await temporaryFolder()
    const journals = createJournals(join(folder.path, 'notes'), 'here')
    const journal = await journals.open(ID)
    await journal.begin('one')
    await journal.addChunk(chunk(1))
    await journal.begin('two')
    expect(await journals.open(ID)).toMatchObject({ storeRef: 'two', sent: new Map() })
    await journal.forget()
    expect((await journals.open(ID)).storeRef).toBeUndefined()
  })
})

describe('the list of what was moved', () => {
  it('is kept, for its own target alone', async () => {
    await using folder = await temporaryFolder()
    const notes = join(folder.path, 'notes')
    const moved = await openMoved(notes, 'here')
    expect(moved.has(ID)).toBe(false)
    await moved.add(ID)
    await moved.add(ID)
    expect((await readFile(join(notes, 'moved'), 'utf8')).match(/"id"/g)).toHaveLength(1)
    expect((await openMoved(notes, 'here')).has(ID)).toBe(true)
    expect((await openMoved(notes, 'here')).has(OTHER)).toBe(false)
    expect((await openMoved(notes, 'there')).has(ID)).toBe(false)
  })

  it('passes over a line that was broken off, also when more follows', async () => {
    await using folder = await temporaryFolder()
    await appendFile(join(folder.path, 'moved'), '{"target":"here","id":"01')
    await (await openMoved(folder.path, 'here')).add(OTHER)
    expect((await openMoved(folder.path, 'here')).has(OTHER)).toBe(true)
  })
})
