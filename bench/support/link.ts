// A long line to a server, as a process of its own: `node link.ts <url> <milliseconds one way>`.
import { startLink } from '../../packages/client/test/support/link.ts'

const [target = '', latency = '0'] = process.argv.slice(2)
const { url } = await startLink(target, { latencyMs: Number(latency) })
console.log(`The line is ready at ${url}`)
