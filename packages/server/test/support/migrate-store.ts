import { join } from 'node:path'
import type { Asset, AssetList } from '@partway/protocol'
import { createDatabase } from './postgres.ts'
import { type CommandResult, runProgram, startProgram, temporaryFolder } from './program.ts'
import { type Api, sendAll } from './program-api.ts'
import { startProxy } from './proxy.ts'
import { makeBucket, s3Endpoint, s3Environment, s3Url } from './s3.ts'

/** An embedded installation, and an empty database and bucket to move it to. */
export async function createMoveWorld() {
  const folder = await temporaryFolder()
  const database = await createDatabase()
  const bucket = await makeBucket()
  const data = join(folder.path, 'data')
  const env = {
    ...s3Environment(),
    PARTWAY_DATABASE_URL: database.url,
    PARTWAY_STORE_URL: s3Url(bucket),
    PARTWAY_SIGNING_KEYS: 'n'.repeat(32),
  }
  const args = (...more: string[]) => ['migrate-store', '--from', data, ...more]
  return {
    ...{ folder, data, database, bucket, env, args },
    /** Starts the installation that is moved. */
    startSource: () => startProgram({ data }),
    /** Starts a server on what it was moved to. */
    startTarget: (more: Record<string, string> = {}, apiKey?: string | null) =>
      startProgram({
        data: join(folder.path, 'none'),
        env: { ...env, ...more },
        ...(apiKey === undefined ? {} : { apiKey }),
      }),
    /** What moves to a store that takes no part after the first so many, until it is told to. */
    async holding(parts: number) {
      let held = true
      const proxy = await startProxy(s3Endpoint(), {
        before: ({ method, url }) => {
          const part = Number(/[?&]partNumber=(\d+)/.exec(url)?.[1] ?? 0)
          return held && method === 'PUT' && part > parts ? 'stall' : undefined
        },
      })
      return {
        env: { ...env, PARTWAY_STORE_URL: s3Url(bucket, proxy.url) },
        release() {
          held = false
        },
        [Symbol.asyncDispose]: proxy[Symbol.asyncDispose],
      }
    },
    move: (...more: string[]): Promise<CommandResult> => runProgram(args(...more), env),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Uploads a file as a client does; answers with the id of its asset. */
export async function upload(
  api: Api,
  bytes: Uint8Array<ArrayBuffer>,
  name?: string,
): Promise<string> {
  const { session, proofs } = await sendAll(api, bytes, name)
  await api.report(session.upload_id, proofs)
  return session.asset_id
}

/** Every asset, page by page. */
export async function everyAsset(api: Api): Promise<Asset[]> {
  const all: Asset[] = []
  for (let page = 1; ; page++) {
    const answer = await api.request('GET', `/assets?page=${page}&page_limit=50`)
    const { data, page_info } = answer.body as AssetList
    all.push(...data)
    if (page >= page_info.total_page) return all
  }
}

/** Without what is different on every server: URLs. */
export function withoutUrls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (name, inner) => {
    if (/url/.test(name)) return name.endsWith('s') ? 'URLS' : 'URL'
    return inner
  })
}

/** The events that a command printed with `--json`. */
export const moveEvents = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
