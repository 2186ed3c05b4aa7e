// The least a server can do with a body and still know its digest: write it down, hash it, answer.
// Nothing is made durable.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
let files = 0

const server = createServer((request, response) => {
  const hash = createHash('sha256')
  request.on('data', (piece: Buffer) => hash.update(piece))
  files += 1
  request.pipe(createWriteStream(join(folder!, `${files}`))).on('finish', () => {
    response.setHeader('content-length', 0)
    response.setHeader('etag', `"${hash.digest('hex')}"`)
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => {
  console.log(`bare is ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
