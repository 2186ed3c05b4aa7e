// Measures what the targets are about: `npm run bench`, or `npm run bench -- put memory`.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { client } from './client.ts'
import { clientFaults } from './client-faults.ts'
import { complete } from './complete.ts'
import { memory } from './memory.ts'
import { presign } from './presign.ts'
import { presignS3 } from './presign-s3.ts'
import { put } from './put.ts'
import { putS3 } from './put-s3.ts'
import { scale } from './scale.ts'
import { describeMachine } from './support/machine.ts'
import { type PartResult, render } from './support/report.ts'
import { understand } from './understand.ts'

const PARTS: Record<string, (() => Promise<PartResult>)[]> = {
  put: [put],
  memory: [memory],
  complete: [complete],
  presign: [presign, presignS3],
  understand: [understand],
  client: [client, clientFaults],
  scale: [scale],
  s3: [putS3],
}
const RESULTS = join(import.meta.dirname, 'results.md')

async function main(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(PARTS, name))
  if (unknown.length > 0) {
    console.error(
      `No such part: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}.`,
    )
    return 2
  }
  if (process.platform !== 'linux') {
    console.error('The bench reads CPU time and memory from /proc and needs Linux.')
    return 2
  }
  const started = performance.now()
  const machine = await describeMachine()
  console.log(`${machine}\n`)
  const sections: string[] = []
  for (const [name, measurements] of Object.entries(PARTS)) {
    if (names.length > 0 && !names.includes(name)) continue
    for (const measure of measurements) {
      const section = render(await measure())
      console.log(`\n${section}\n`)
      sections.push(section)
    }
  }
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`Done in ${seconds} s.`)
  if (names.length === 0) {
    const intro = `What \`npm run bench\` printed; it took ${seconds} s.`
    await writeFile(RESULTS, ['# Bench', intro, machine, ...sections].join('\n\n').concat('\n'))
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2))
