import { Console } from 'node:console'

// The program that `runReader` starts: `inspect URL SIZE MIME` prints what it found as JSON,
// `thumbnail URL MIME` prints a JPEG. What goes wrong is one line of JSON on standard error, last
// of all: `name` is MediaError for content, UnreachableSourceError for the source, else it is our defect.

/** Each loads its libraries itself: what a command does not need can do no harm in it. */
const COMMANDS: Record<string, (args: string[]) => Promise<void>> = {
  inspect: async ([url, size, mime]) =>
    (await import('./inspect.ts')).inspect(url!, Number(size), mime!),
  thumbnail: async ([url, mime]) => (await import('./thumbnail.ts')).thumbnail(url!, mime!),
}

// Standard output is for answers; libraries that talk do so elsewhere.
globalThis.console = new Console(process.stderr)

const [command = '', ...args] = process.argv.slice(2)
try {
  const run = COMMANDS[command]
  if (!run) throw new Error(`unknown command ${command}`)
  await run(args)
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  await new Promise<void>((resolve) => {
    process.stderr.write(`\n${JSON.stringify({ name, message })}\n`, () => resolve())
  })
  process.exitCode = 1
}
// Connections that are kept for later would keep us, too.
process.exit()
