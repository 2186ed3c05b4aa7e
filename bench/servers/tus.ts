// The reference server of the tus protocol as its README sets it up.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [folder] = process.argv.slice(2)
const tus = new Server({ path: '/files', datastore: new FileStore({ directory: folder! }) })
const server = createServer(tus.handle.bind(tus))
server.listen(0, '127.0.0.1', () => {
  console.log(`tus is ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
