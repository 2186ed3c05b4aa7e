// Runs in the page of the tests in a browser.
import {
  createClient,
  fromBlob,
  type Upload,
  type UploadError,
  type UploadedAsset,
  type UploadOptions,
  type UploadProgress,
} from '@partway/client'

export type Outcome = { asset: UploadedAsset } | { error: { code: string; message: string } }

/** What tests call by `page.evaluate`. */
export interface TestPage {
  connect(server: string, apiKey: string): void
  /** Makes a file of random bytes that begins like an MP4. */
  makeFile(size: number): void
  /** Takes the file that was put into the input. */
  takeFile(): void
  sha256(): Promise<string>
  start(options?: Omit<UploadOptions, 'onProgress' | 'signal'>): void
  upload: Upload
  /** Resolves when so many bytes are confirmed. */
  acknowledged(bytes: number): Promise<void>
  /** Everything `onProgress` was told. */
  progress: UploadProgress[]
  outcome(): Promise<Outcome>
  /** Errors nobody caught. */
  unhandled: string[]
}

declare global {
  interface Window {
    test: TestPage
  }
}

let client: ReturnType<typeof createClient>
let file: File

const test: TestPage = {
  connect(server, apiKey) {
    client = createClient({ server, apiKey })
  },
  makeFile(size) {
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at += 65_536)
      crypto.getRandomValues(bytes.subarray(at, at + 65_536))
    bytes.set(new TextEncoder().encode('\0\0\0\x18ftypisom\0\0\0\0isommp42'))
    file = new File([bytes], 'film.mp4', { lastModified: 1_700_000_000_000 })
  },
  takeFile() {
    file = document.querySelector('input')!.files![0]!
  },
  async sha256() {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  },
  start(options = {}) {
    const progress: UploadProgress[] = []
    test.progress = progress
    test.upload = client.upload(fromBlob(file), {
      ...options,
      onProgress: (now) => progress.push(now),
    })
  },
  upload: undefined as unknown as Upload,
  acknowledged: (bytes) =>
    new Promise((resolve) => {
      const timer = setInterval(() => {
        if (test.upload.progress.acknowledged < bytes) return
        clearInterval(timer)
        resolve()
      }, 10)
    }),
  progress: [],
  outcome: () =>
    test.upload.done().then(
      (asset) => ({ asset }),
      ({ code, message }: UploadError) => ({ error: { code, message } }),
    ),
  unhandled: [],
}
window.addEventListener('unhandledrejection', ({ reason }) => test.unhandled.push(String(reason)))
window.test = test
