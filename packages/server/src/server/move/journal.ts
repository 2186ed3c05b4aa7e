import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A chunk that is in the target. */
export interface SentChunk {
  index: number
  /** As the target gave it. */
  etag: string
  /** 32 hex digits. */
  md5: string
  size: number
}

/** How far one asset has come. Written as it goes, so that a run that is killed can be gone on with. */
export interface AssetJournal {
  /** Its place in the target; `undefined` before it has one. */
  storeRef: string | undefined
  sent: Map<number, SentChunk>
  /** Names of files made from it that are there and compared. */
  files: Set<string>
  begin(storeRef: string): Promise<void>
  addChunk(chunk: SentChunk): Promise<void>
  addFile(name: string): Promise<void>
  forget(): Promise<void>
}

export interface Journals {
  open(assetId: string): Promise<AssetJournal>
}

type Line = { target: string; storeRef: string } | { chunk: SentChunk } | { file: string }

/**
 * A file per asset in `folder`, one JSON object a line. Nothing rests on them but time: a line that is
 * lost means that something is sent again.
 *
 * @param target names the store; what is noted of another one does not count
 */
export function createJournals(folder: string, target: string): Journals {
  async function open(assetId: string): Promise<AssetJournal> {
    const path = join(folder, `${assetId}.jsonl`)
    // A new line before it as well: what stands there may have been broken off.
    const add = (line: Line) => appendFile(path, `\n${JSON.stringify(line)}\n`, { mode: 0o600 })
    const journal: AssetJournal = {
      storeRef: undefined,
      sent: new Map(),
      files: new Set(),
      async begin(storeRef) {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await add({ target, storeRef })
        reset(storeRef)
      },
      async addChunk(chunk) {
        await add({ chunk })
        journal.sent.set(chunk.index, chunk)
      },
      async addFile(name) {
        await add({ file: name })
        journal.files.add(name)
      },
      async forget() {
        await rm(path, { force: true })
        reset(undefined)
      },
    }

    function reset(storeRef: string | undefined): void {
      journal.storeRef = storeRef
      journal.sent.clear()
      journal.files.clear()
    }

    for (const line of linesOf<Line>(await readFile(path, 'utf8').catch(absent))) {
      if ('target' in line) reset(line.target === target ? line.storeRef : undefined)
      else if (journal.storeRef === undefined) continue
      else if ('chunk' in line) journal.sent.set(line.chunk.index, line.chunk)
      else journal.files.add(line.file)
    }
    return journal
  }

  return { open }
}

export function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}

/** What a run that was killed has broken off is passed over. */
export function* linesOf<Line>(text: string): Generator<Line> {
  for (const line of text.split('\n')) {
    try {
      if (line !== '') yield JSON.parse(line)
    } catch {}
  }
}
