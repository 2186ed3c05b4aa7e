import { type ByteSource, openByteSource } from '../byte-source.ts'
import { kindOf } from '../content-type.ts'
import type { Answer } from '../reader.ts'

/** Prints an `Answer` about the file at `url`. */
export async function inspect(url: string, size: number, mimeType: string): Promise<void> {
  const answer = JSON.stringify(await read(openByteSource(url, size), mimeType))
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(answer, (error) => (error ? reject(error) : resolve()))
  })
}

async function read(source: ByteSource, mimeType: string): Promise<Answer> {
  switch (kindOf(mimeType)) {
    case 'streams':
      return { found: await (await import('./streams.ts')).readStreams(source, mimeType) }
    case 'image':
      return (await import('./image.ts')).readImage(source, mimeType)
    case 'pdf':
      return (await import('./pdf.ts')).readPdf(source)
    default:
      throw new Error(`no reader for ${mimeType}`)
  }
}
