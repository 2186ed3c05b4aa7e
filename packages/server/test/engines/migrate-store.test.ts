import { createHash, hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import type { Asset } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { multipartEtag } from '../../src/server/move/compare.ts'
import { createMoveWorld, everyAsset, moveEvents, upload } from '../support/migrate-store.ts'
import { skipsPostgres } from '../support/postgres.ts'
import { runProgram } from '../support/program.ts'
import { chunksOf, createApi, MiB, putChunk } from '../support/program-api.ts'
import { startCommand } from '../support/program-cli.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'
import { s3Client, s3Missing } from '../support/s3.ts'

/** What is deleted is freed as soon as may be. */
const AT_ONCE = { PARTWAY_GRACE_PERIOD: '1s', PARTWAY_SWEEP_INTERVAL: '1s' }

type World = Awaited<ReturnType<typeof createMoveWorld>>

/** Uploads files to the source, and stops it; answers with their ids. */
async function withAssets(world: World, ...files: Uint8Array<ArrayBuffer>[]): Promise<string[]> {
  await using source = await world.startSource()
  const api = createApi(source)
  const ids: string[] = []
  for (const bytes of files) ids.push(await upload(api, bytes))
  const isOpen = async () => (await everyAsset(api)).some((asset) => asset.status === 'processing')
  await expect.poll(isOpen, { timeout: 30_000 }).toBe(false)
  await source.kill('SIGTERM')
  return ids
}

/** Path, SHA-256 and times of every file of a folder. */
async function snapshot(folder: string): Promise<unknown> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const { mtimeMs } = await stat(path)
    const digest =
      entry.isFile() &&
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    return { path, mtimeMs, digest }
  })
  return Promise.all(files)
}

const tablesOf = ({ database }: World) =>
  database.query(`select 1 from pg_class where relnamespace = 'public'::regnamespace`)

async function objectsOf({ bucket: Bucket }: World): Promise<string[]> {
  const client = s3Client()
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  client.destroy()
  return [...Contents.map(({ Key }) => Key!), ...Uploads.map(({ Key }) => `${Key} (unfinished)`)]
}

/** Indexes of the chunks of an asset that were noted as sent. */
async function noted({ data }: World, id: string): Promise<number[]> {
  const path = join(data, 'migrate-store', `${id}.jsonl`)
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  return lines
    .filter((line) => /^\{"chunk".*\}$/.test(line))
    .map((line) => JSON.parse(line).chunk.index)
}

describe.skipIf(s3Missing || skipsPostgres)('partway migrate-store', () => {
  it('says in a dry run what it would do, and changes nothing anywhere', async () => {
    await using world = await createMoveWorld()
    await withAssets(world, randomVideo(1000), randomVideo(2000))
    const before = await snapshot(world.data)

    const { code, stdout, stderr } = await world.move('--dry-run')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('2 assets with 2.9 KiB, 0 API keys.')
    expect(stdout).toContain('Migrations to apply in the target: 0001_initial')
    expect(stdout).toContain('Nothing was changed.')
    expect(await snapshot(world.data)).toEqual(before)
    expect(await tablesOf(world)).toEqual([])
    expect(await objectsOf(world)).toEqual([])
  })

  it('refuses while a server runs, but for a dry run', async () => {
    await using world = await createMoveWorld()
    await using source = await world.startSource()
    const id = await upload(createApi(source), randomVideo(1000))

    const refused = await world.move()
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('is in use. Stop the server first')
    expect(await tablesOf(world)).toEqual([])
    expect(await world.move('--dry-run')).toMatchObject({ code: 0 })
    expect((await createApi(source).request('DELETE', `/assets/${id}`)).status).toBe(204)
  })

  it('keeps servers out while it moves', async () => {
    await using world = await createMoveWorld()
    await withAssets(world, randomVideo(100 * MiB))
    await using store = await world.holding(0)
    const { process: moving, stdout, result } = startCommand(world.args('--json'), store.env)
    while (!stdout().includes('"plan"')) await wait(2)
    await expect(world.startSource()).rejects.toThrow(/database is locked/)
    moving.kill('SIGKILL')
    await result
    await using _source = await world.startSource()
  })

  it('refuses while uploads are under way, and names them', async () => {
    await using world = await createMoveWorld()
    {
      await using source = await world.startSource()
      const { upload_id: id } = await createApi(source).create(1000, 'open.mp4')
      await source.kill('SIGTERM')

      const { code, stderr } = await world.move()
      expect(code).toBe(1)
      expect(stderr).toContain('1 upload under way, which cannot be moved; the last expires at 20')
      expect(stderr).toMatch(new RegExp(`${id} +default +0/1 .*open.mp4`))
      expect(stderr).toContain('--end-uploads')
      expect(await world.move('--dry-run')).toMatchObject({ code: 1 })
      expect(await tablesOf(world)).toEqual([])
    }
  })

  it('leaves uploads behind with --end-uploads, and their assets say why they failed', async () => {
    await using world = await createMoveWorld()
    const bytes = randomVideo(1000)
    let open: { upload_id: string; asset_id: string }
    {
      await using source = await world.startSource()
      const created = await createApi(source).create(1000, 'open.mp4')
      await putChunk(created.upload_urls[0]!.url, bytes)
      open = created
      // A crash: what is recorded is still in the log beside the database.
      await source.kill('SIGKILL')
    }
    expect(await world.move('--dry-run')).toMatchObject({ code: 1 })
    expect(await world.move('--end-uploads')).toMatchObject({ code: 0 })

    await using target = await world.startTarget()
    const api = createApi(target)
    expect(await api.asset(open.asset_id)).toMatchObject({ status: 'failed' })
    expect(JSON.stringify(await api.asset(open.asset_id))).toContain('moved to another store')
    const status = await api.request('GET', `/assets/multipart-uploads/${open.upload_id}`)
    expect(status.status).toBe(404)
    expect((await api.uploads()).data).toEqual([])
    // The source still has it, should the move be given up.
    await using source = await world.startSource()
    expect(await createApi(source).status(open.upload_id)).toMatchObject({ status: 'active' })
  })

  it('leaves deleted assets behind, and copies those that failed without bytes', async () => {
    await using world = await createMoveWorld()
    let failed: Asset
    let deleted: string
    {
      await using source = await world.startSource()
      const api = createApi(source)
      deleted = await upload(api, randomVideo(1000))
      await api.request('DELETE', `/assets/${deleted}`)
      const { upload_id, asset_id } = await api.create(1000)
      await api.request('DELETE', `/assets/multipart-uploads/${upload_id}`)
      failed = await api.asset(asset_id)
      await source.kill('SIGTERM')
    }
    expect(await world.move()).toMatchObject({ code: 0 })
    await using target = await world.startTarget()
    expect(await everyAsset(createApi(target))).toEqual([failed])
    expect(failed.status).toBe('failed')
    expect(await objectsOf(world)).toEqual([])
  })

  it('brings nothing back that was moved and then deleted, until its list is taken away', async () => {
    await using world = await createMoveWorld()
    const [kept, deleted] = await withAssets(world, randomVideo(1000), randomVideo(2000))
    await world.move()
    {
      await using target = await world.startTarget(AT_ONCE)
      const api = createApi(target)
      expect((await api.request('DELETE', `/assets/${deleted}`)).status).toBe(204)
      const rows = () => world.database.query('select id from assets')
      await expect.poll(rows, { timeout: 20_000 }).toEqual([{ id: kept }])
    }
    const objects = [`media/objects/${kept}`]
    expect(await objectsOf(world)).toEqual(objects)

    const again = await world.move()
    expect(again.stdout).toContain('Note: 1 asset moved before, and not in the target any more')
    expect(again.stdout).toContain('0 assets moved, 1 were there.')
    expect(await objectsOf(world)).toEqual(objects)
    expect(await world.database.query('select id from assets')).toEqual([{ id: kept }])

    await rm(join(world.data, 'migrate-store/moved'))
    expect((await world.move()).stdout).toContain('1 asset moved, 1 were there.')
  })

  it('moves everything to a database that was made again, whatever came to the one before', async () => {
    await using world = await createMoveWorld()
    const [id] = await withAssets(world, randomVideo(1000))
    await world.move()
    await world.database.query('drop schema public cascade')
    await world.database.query('create schema public')
    expect((await world.move()).stdout).toContain('1 asset moved.')
    expect(await world.database.query('select id from assets')).toEqual([{ id }])
  })

  it('reports a damaged chunk, moves the others, and moves it when it is mended', async () => {
    await using world = await createMoveWorld()
    const files = [randomVideo(1000), randomVideo(12 * MiB), randomVideo(2000)]
    const ids = await withAssets(world, ...files)
    const folder = join(world.data, 'store/objects', ids[1]!)
    const path = join(folder, (await readdir(folder)).find((name) => name.startsWith('2.'))!)
    const whole = await readFile(path)
    const damaged = Buffer.from(whole)
    damaged[77]! ^= 1
    await rm(path)
    await writeFile(path, damaged)

    const { code, stdout, stderr } = await world.move()
    expect(code).toBe(1)
    expect(stderr).toContain(`Failed: asset ${ids[1]} (film.mp4): chunk 2 has other bytes`)
    expect(stdout).toContain('2 assets moved, 1 stay behind.')
    // Nothing of it is left in the bucket.
    const kept = [ids[0], ids[2]].map((id) => `media/objects/${id}`).sort()
    expect((await objectsOf(world)).sort()).toEqual(kept)

    await rm(path)
    const missing = await world.move('--json')
    expect(moveEvents(missing.stdout).find(({ event }) => event === 'failed')).toMatchObject({
      ...{ asset_id: ids[1], message: 'chunk 2 is missing' },
    })
    await writeFile(path, whole)
    expect(await world.move()).toMatchObject({ code: 0 })
    await using target = await world.startTarget()
    const { url } = await createApi(target).asset(ids[1]!)
    expect(await fetchSha256(url!)).toBe(sha256(files[1]!))
  })

  it('goes on within a large asset, without what it had sent', async () => {
    await using world = await createMoveWorld()
    const bytes = randomVideo(150 * MiB)
    const [id] = await withAssets(world, bytes)
    await using store = await world.holding(10)
    const { process: child, result } = startCommand(world.args(), store.env)
    while ((await noted(world, id!)).length < 5) await wait(2)
    child.kill('SIGKILL')
    await result
    store.release()
    const before = await noted(world, id!)
    expect(before.length).toBeLessThan(30)

    // What is noted need not even be read again.
    const folder = join(world.data, 'store/objects', id!)
    const first = (await readdir(folder)).find((name) => name.startsWith(`${before[0]}.`))!
    await rename(join(folder, first), join(world.data, first))
    expect(await runProgram(world.args(), store.env)).toMatchObject({ code: 0 })

    expect(await objectsOf(world)).toEqual([`media/objects/${id}`])
    const md5s = chunksOf(bytes).map((chunk) => hash('md5', chunk, 'hex'))
    expect(await world.database.query('select object_etag from assets')).toEqual([
      { object_etag: multipartEtag(md5s) },
    ])
    await using target = await world.startTarget()
    expect(await fetchSha256((await createApi(target).asset(id!)).url!)).toBe(sha256(bytes))
  })

  it('begins an asset again whose parts the store has dropped meanwhile', async () => {
    await using world = await createMoveWorld()
    const bytes = randomVideo(150 * MiB)
    const [id] = await withAssets(world, bytes)
    await using store = await world.holding(10)
    const { process: child, result } = startCommand(world.args(), store.env)
    while ((await noted(world, id!)).length < 5) await wait(2)
    child.kill('SIGKILL')
    await result
    store.release()
    const client = s3Client()
    const Bucket = world.bucket
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    const { Key, UploadId } = Uploads![0]!
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    client.destroy()

    const moved = await runProgram(world.args(), store.env)
    expect(moved, moved.stderr).toMatchObject({ code: 0 })
    expect(await objectsOf(world)).toEqual([`media/objects/${id}`])
    await using target = await world.startTarget()
    expect(await fetchSha256((await createApi(target).asset(id!)).url!)).toBe(sha256(bytes))
  })

  it('stops with Ctrl-C, says how to go on, and goes on', async () => {
    await using world = await createMoveWorld()
    const bytes = randomVideo(150 * MiB)
    const [id] = await withAssets(world, bytes)
    await using store = await world.holding(10)
    const { process: child, result } = startCommand(world.args(), store.env)
    while (!existsSync(join(world.data, 'migrate-store', `${id}.jsonl`))) await wait(2)
    child.kill('SIGINT')
    const { code, stderr } = await result
    expect(code).toBe(130)
    expect(stderr).toContain('Stopped. Run the same command again to go on.')
    store.release()
    expect(await runProgram(world.args(), store.env)).toMatchObject({ code: 0 })
  })

  it('warns when the signing key of the source is not among those of the target', async () => {
    await using world = await createMoveWorld()
    await withAssets(world)
    const key = (await readFile(join(world.data, 'signing.key'), 'utf8')).trim()
    const warned = await world.move()
    expect(warned.stdout).toContain('Warning: PARTWAY_SIGNING_KEYS does not contain the key')
    const known = { ...world.env, PARTWAY_SIGNING_KEYS: `${'n'.repeat(32)},${key}` }
    const quiet = await runProgram(world.args(), known)
    expect(quiet.stdout).not.toContain('signing')
    for (const text of [warned.stdout, warned.stderr, quiet.stdout, quiet.stderr])
      expect(text).not.toContain(key)
  })

  it('revokes a key in the target that was revoked since the run before', async () => {
    await using world = await createMoveWorld()
    await withAssets(world)
    const keys = (...args: string[]) =>
      runProgram(['keys', ...args, '--json', '--data', world.data])
    const { id, key } = JSON.parse((await keys('create')).stdout)
    await world.move()
    await using target = await world.startTarget()
    expect((await createApi(target, key).request('GET', '/assets')).status).toBe(200)
    await keys('revoke', id)
    await world.move()
    expect((await createApi(target, key).request('GET', '/assets')).status).toBe(401)
  })

  it('takes database and store of the source from elsewhere', async () => {
    await using world = await createMoveWorld()
    const [id] = await withAssets(world, randomVideo(1000))
    const elsewhere = (name: string) => join(world.folder.path, name)
    await rename(join(world.data, 'partway.db'), elsewhere('x.db'))
    await rename(join(world.data, 'store'), elsewhere('bytes'))
    expect((await world.move()).stderr).toContain('there is no store at')
    const from = ['--from-database', `sqlite:${elsewhere('x.db')}`]
    expect((await world.move('--from-store', elsewhere('bytes'))).code).toBe(2)
    const moved = await world.move(...from, '--from-store', `file:${elsewhere('bytes')}`)
    expect(moved, moved.stderr).toMatchObject({ code: 0 })
    expect(await objectsOf(world)).toEqual([`media/objects/${id}`])
  })

  it('moves to PostgreSQL and S3 together and to nothing else', async () => {
    await using world = await createMoveWorld()
    await withAssets(world)
    const { PARTWAY_STORE_URL: _, ...database } = world.env
    const { code, stderr } = await runProgram(world.args(), database)
    expect(code).toBe(2)
    expect(stderr).toContain('PARTWAY_STORE_URL must be s3://')
    expect(stderr).toContain('it cannot move only one of them')
    expect(await tablesOf(world)).toEqual([])
  })

  it('says which side of the target cannot be used', async () => {
    await using world = await createMoveWorld()
    await withAssets(world)
    const move = (changes: Record<string, string>) =>
      runProgram(world.args('--dry-run'), { ...world.env, ...changes })
    const store = world.env.PARTWAY_STORE_URL.replace(world.bucket, 'no-such-bucket')
    const noBucket = await move({ PARTWAY_STORE_URL: store })
    expect(noBucket).toMatchObject({ code: 1, stdout: '' })
    expect(noBucket.stderr).toContain('The bucket no-such-bucket cannot be used: NotFound')
    const url = new URL(world.env.PARTWAY_DATABASE_URL)
    url.pathname = 'no_such_database'
    const noDatabase = await move({ PARTWAY_DATABASE_URL: url.href })
    expect(noDatabase.stderr).toContain('The database no_such_database at')
    for (const { stderr } of [noBucket, noDatabase]) {
      expect(stderr).not.toContain(world.env.AWS_SECRET_ACCESS_KEY)
      expect(stderr).not.toContain(url.password || 'postgres://')
    }
  })
})
