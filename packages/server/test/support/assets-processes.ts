import { readdir, readFile } from 'node:fs/promises'

/** The command lines of all processes that read what the server at `url` has; none without /proc. */
export async function processesOf(url: string): Promise<string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    // A process may end meanwhile.
    ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  )
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(`${url}/`))
}
