import { arch, cpus, release, totalmem, type } from 'node:os'
import { benchRoot } from './cleanup.ts'

/** What the figures were measured on, as Markdown. */
export async function describeMachine(): Promise<string> {
  const cores = cpus()
  const { path, tmpfs } = await benchRoot()
  return [
    `- CPU: ${cores[0]?.model.trim() ?? 'unknown'}, ${cores.length} cores`,
    `- memory: ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `- kernel: ${type()} ${release()} ${arch()}`,
    `- Node: ${process.version}`,
    `- files on: ${tmpfs ? `tmpfs (${path})` : `${path}, which is not tmpfs`}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n')
}
