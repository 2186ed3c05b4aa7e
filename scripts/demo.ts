// What Partway is for, in one run: starts a server, makes a real MP4, uploads it, downloads it and
// compares the bytes. Everything happens in a temporary folder.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const program = join(import.meta.dirname, '../packages/server/bin/partway.js')
const folder = await mkdtemp(join(tmpdir(), 'partway-demo-'))
const film = join(folder, 'film.mp4')
const copy = join(folder, 'copy.mp4')

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

try {
  console.log('1. Starting a server with the embedded database and store')
  const server = spawn(
    process.execPath,
    [program, 'serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PARTWAY_LOG_LEVEL: 'warn' } },
  )
  let key = ''
  let url = ''
  for await (const line of createInterface({ input: server.stdout })) {
    key ||= /API key, shown only now: (\S+)/.exec(line)?.[1] ?? ''
    url ||= /ready at (\S+)/.exec(line)?.[1] ?? ''
    if (url) break
  }
  if (!url) throw new Error('the server did not start')
  console.log(`   ready at ${url}`)
  const env = { ...process.env, PARTWAY_SERVER: url, PARTWAY_API_KEY: key }
  const partway = async (...args: string[]) => {
    console.log(`   $ partway ${args.join(' ')}`)
    return (await run(process.execPath, [program, ...args], { env, cwd: folder })).stdout.trim()
  }

  console.log('2. Making a real MP4 with ffmpeg')
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30:duration=30'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=30'],
    ...['-b:v', '16M', '-minrate', '16M', '-c:a', 'aac', '-shortest', film],
  ]).catch((error) => {
    throw new Error(`ffmpeg is needed for the demo: ${error.message.split('\n')[0]}`)
  })
  console.log(`   film.mp4: ${(await stat(film)).size} bytes`)

  console.log('3. Uploading it in parallel chunks through presigned URLs')
  const upload = JSON.parse((await partway('upload', 'film.mp4', '--json')).split('\n').at(-1)!)
  console.log(`   asset ${upload.asset_id}\n   url ${upload.url}`)

  console.log('4. Downloading it')
  console.log(`   ${await partway('assets', 'download', upload.asset_id, '-o', 'copy.mp4')}`)

  console.log('5. Comparing')
  const [sent, received] = await Promise.all([sha256(film), sha256(copy)])
  console.log(`   sent      ${sent}\n   received  ${received}`)
  if (sent !== received || sent !== upload.sha256) throw new Error('the bytes differ')
  const { status, file_type } = JSON.parse(await partway('assets', 'get', upload.asset_id))
  console.log(`   the same bytes; the asset is ${status}, ${file_type}`)

  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  const [code] = await ended
  console.log(`6. The server stopped with exit code ${code}`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
