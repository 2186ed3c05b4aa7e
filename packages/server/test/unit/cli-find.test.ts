import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FindOptions, findFiles } from '../../src/cli/upload/find.ts'

describe('finding files to upload', () => {
  let folder: string
  const at = (...names: string[]) => join(folder, ...names)
  const find = (options: FindOptions = {}, ...paths: string[]) =>
    findFiles(paths.length > 0 ? paths : [folder], { recursive: true, ...options })
  const namesOf = ({ files }: Awaited<ReturnType<typeof findFiles>>) =>
    files.map(({ path }) => relative(folder, path))

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'partway-find-'))
    await mkdir(at('b'))
    await writeFile(at('a.mp4'), 'a')
    await writeFile(at('b', 'c.mov'), 'c')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('gives every file once, in the order of their names, whatever it was called by', async () => {
    expect(namesOf(await find())).toEqual(['a.mp4', 'b/c.mov'])
    expect(namesOf(await find({}, at('b', 'c.mov'), folder, at('b', '..', 'a.mp4')))).toEqual([
      ...['b/c.mov', 'a.mp4'],
    ])
  })

  it('follows links to files, by the name of the file when that is among them', async () => {
    await mkdir(at('0'))
    await symlink('../a.mp4', at('0', 'link-to-a.mp4'))
    const outside = await mkdtemp(join(tmpdir(), 'partway-outside-'))
    await writeFile(join(outside, 'far.mp4'), 'far')
    await symlink(join(outside, 'far.mp4'), at('near.mp4'))

    const { files } = await find()
    await rm(outside, { recursive: true })

    expect(files.map(({ path }) => relative(folder, path))).toEqual([
      ...['a.mp4', 'b/c.mov', 'near.mp4'],
    ])
    expect(basename(files[2]!.realPath)).toBe('far.mp4')
    expect(files[2]!.name).toBe('near.mp4')
  })

  it('follows no links to folders, so that loops do no harm', async () => {
    await symlink('..', at('b', 'loop'))
    await symlink('b', at('twice'))

    expect(namesOf(await find())).toEqual(['a.mp4', 'b/c.mov'])
  })

  it('tells of links that lead nowhere, and goes on', async () => {
    await symlink('gone.mp4', at('broken.mp4'))

    const found = await find()

    expect(found.failed.map(({ path }) => path)).toEqual([at('broken.mp4')])
    expect(namesOf(found)).toEqual(['a.mp4', 'b/c.mov'])
  })

  it('takes a hidden file or one of no known type only when it is named', async () => {
    await copyFile(at('a.mp4'), at('.hidden.mp4'))
    await copyFile(at('a.mp4'), at('data.bin'))

    const found = await find()
    const named = await find({ type: 'video' }, at('.hidden.mp4'), at('data.bin'))

    expect(namesOf(found)).toEqual(['a.mp4', 'b/c.mov'])
    expect(found.skipped.map(({ path }) => path)).toEqual([at('data.bin')])
    expect(namesOf(named)).toEqual(['.hidden.mp4', 'data.bin'])
  })

  it.each([
    ['*.mov', ['b/c.mov']],
    ['*.{mp4,mov}', ['a.mp4', 'b/c.mov']],
    ['b/*', ['b/c.mov']],
    ['**/*.mp4', ['a.mp4']],
    ['*.mkv', []],
  ])('chooses by %s', async (glob, expected) => {
    expect(namesOf(await find({ glob }))).toEqual(expected)
  })

  it('refuses a folder without -r, and what is named but cannot be uploaded', async () => {
    await writeFile(at('empty.mp4'), '')

    await expect(findFiles([folder], {})).rejects.toThrow('is a folder: give -r')
    await expect(find({}, at('empty.mp4'))).rejects.toThrow('is empty')
    await expect(find({}, '/dev/null')).rejects.toThrow('neither a file nor a folder')
  })
})
