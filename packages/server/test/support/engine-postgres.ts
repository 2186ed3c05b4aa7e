import type { TestProject } from 'vitest/node'
import { postgresMissing, startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: { url: string } | { missing: string }
  }
}

/** One PostgreSQL for all tests of the project; see `postgres.ts` for how they use it. */
export async function setup(project: TestProject) {
  const missing = postgresMissing()
  if (missing) return project.provide('postgres', { missing })
  const server = await startPostgres()
  project.provide('postgres', { url: server.url })
  return () => server[Symbol.asyncDispose]()
}
