import { TwelveLabs } from 'twelvelabs-js'
import { afterEach, beforeEach, vi } from 'vitest'
import { TEST_KEY, temporaryFolder } from './program.ts'

/** The official client, told nothing but where the API is and the key. */
export function createSdk({ url }: { url: string }, apiKey = TEST_KEY): TwelveLabs {
  vi.stubEnv('TWELVELABS_BASE_URL', `${url}/v1.3`)
  try {
    return new TwelveLabs({ apiKey })
  } finally {
    vi.stubEnv('TWELVELABS_BASE_URL', undefined)
  }
}

/**
 * For files that use the official client: it talks on the console, and it cuts files into the
 * system's folder for temporary files. The first is silenced, the second a folder of the test's.
 */
export function tameSdk(): void {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  beforeEach(async () => {
    for (const method of ['log', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation(() => {})
    }
    folder = await temporaryFolder('partway-sdk-')
    vi.stubEnv('TMPDIR', folder.path)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    await folder[Symbol.asyncDispose]()
  })
}

/** Every item of a list that the client reads page by page. */
export async function allOf<T>(pages: Promise<AsyncIterable<T>>): Promise<T[]> {
  const items: T[] = []
  for await (const item of await pages) items.push(item)
  return items
}
