#!/usr/bin/env node
// Plain JavaScript that any Node can read: what comes after needs a recent one.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(`partway needs Node 24 or later; this is ${process.version}.`)
  process.exit(1)
}
import('../dist/cli.js').catch((error) => {
  const unbuilt = error.code === 'ERR_MODULE_NOT_FOUND' && String(error.url).endsWith('dist/cli.js')
  console.error(unbuilt ? 'partway is not built yet: run `npm run build` first.' : error)
  process.exit(1)
})
