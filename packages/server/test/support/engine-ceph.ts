import { spawnSync } from 'node:child_process'
import type { TestProject } from 'vitest/node'
import { type S3Access, startCeph } from './ceph.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A running S3 store, or why there is none. */
    s3: S3Access | { missing: string }
  }
}

const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'ceph', 'monmaptool']

/** One Ceph for all tests of a run; each makes a bucket of its own in it. */
export default async function setup(project: TestProject) {
  const missing = PROGRAMS.filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status !== 0,
  )
  if (missing.length > 0) {
    const reason = `${missing.join(', ')} not found; node scripts/install-engines.ts installs them`
    if (process.env.CI) throw new Error(`Tests on S3 cannot run: ${reason}`)
    console.warn(`Tests on S3 are skipped: ${reason}.`)
    project.provide('s3', { missing: reason })
    return undefined
  }
  const ceph = await startCeph()
  const { endpoint, accessKeyId, secretAccessKey } = ceph
  project.provide('s3', { endpoint, accessKeyId, secretAccessKey })
  return () => ceph[Symbol.asyncDispose]()
}
