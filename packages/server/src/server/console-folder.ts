import { fileURLToPath } from 'node:url'

/** Where the build puts the console: beside the program, which from source is elsewhere. */
export const CONSOLE_FOLDER: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/console' : './console', import.meta.url),
)
